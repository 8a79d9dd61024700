"""Who is writing, told to those who have the channel open, and that it is told, to who writes."""

from collections.abc import Collection

from chatsite.live import frames
from chatsite.live.audience import Audience
from chatsite.live.bus import announce
from chatsite.live.changes import Changes
from chatsite.live.events import typing_heard
from chatsite.live.parcels import Parcels
from chatsite.live.source import Source


class Typing:
    """Arguments:
    audience: who has streams here.
    changes: knows who has said it meanwhile.
    parcels: what is to be told.
    """

    def __init__(self, source: Source, audience: Audience, changes: Changes, parcels: Parcels) -> None:
        self._source = source
        self._audience = audience
        self._changes = changes
        self._parcels = parcels

    def tell_who_types(self, typing: Collection[tuple[int, int]]) -> None:
        """Tell others who writes.

        Arguments:
            typing: channels and users, by their ids.
        """
        heard = [
            (channel, user_id)
            for channel_id, user_id in typing
            if (channel := self._audience.channels.get(channel_id)) is not None and channel.opens
        ]
        unknown = {user_id for _channel, user_id in heard} - self._audience.people.keys()
        viewers = dict(self._source.viewers(unknown)) if unknown else {}
        for channel, user_id in heard:
            if person := self._audience.people.get(user_id):
                viewers[user_id] = person.viewer
            viewer = viewers.get(user_id)
            # A ticket outlives the right to write there by some minutes.
            if viewer is None or channel.place.channel_id not in viewer.joined:
                continue
            # Who has said it meanwhile does not write it any more, whichever was heard first.
            if not self._changes.has_said(channel.place.channel_id, viewer.username):
                others = [stream for stream in channel.opens if stream.user_id != user_id]
                self._parcels.tell(frames.typing(channel.place, viewer.username, viewer.name), others)
                if others:
                    announce(typing_heard(channel.place.channel_id, user_id))

    def tell_heard(self, heard: Collection[tuple[int, int]]) -> None:
        """Have who writes go on telling so; who hears nothing of this tells it seldom.

        Arguments:
            heard: channels and users, by their ids.
        """
        for channel_id, user_id in heard:
            channel = self._audience.channels.get(channel_id)
            if channel is not None:
                mine = [stream for stream in channel.opens if stream.user_id == user_id]
                self._parcels.tell(frames.heard(channel.place), mine)
