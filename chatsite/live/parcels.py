"""What the hub's reader has to tell, collected in a round and handed out at its end, in order."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from chatsite.live import frames
from chatsite.live.stream import Stream


@dataclass(frozen=True, slots=True)
class Parcel:
    """A frame for some streams; `is_last` ends them with it."""

    frame: bytes
    streams: Sequence[Stream]
    is_last: bool = False


class Parcels:
    """Arguments:
    send: called with what is to be sent, once per round.
    """

    def __init__(self, send: Callable[[list[Parcel]], None]) -> None:
        self._send = send
        self._parcels: list[Parcel] = []

    def tell(self, frame: bytes, streams: Iterable[Stream]) -> None:
        """Have `frame` sent to `streams`, of which there may be none."""
        if listeners := list(streams):
            self._parcels.append(Parcel(frame, listeners))

    def end(self, streams: Collection[Stream]) -> None:
        """Have `streams` end, told that nobody is logged in there any more."""
        if streams:
            self._parcels.append(Parcel(frames.bye(), list(streams), is_last=True))

    def hand_out(self) -> None:
        """Send what was told since."""
        if self._parcels:
            parcels, self._parcels = self._parcels, []
            self._send(parcels)
