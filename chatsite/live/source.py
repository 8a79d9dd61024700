"""What the hub asks the application: who may listen, what changed, and how it looks."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Said: TypeAlias = tuple[int, str]  # a message's number and its author's username


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as it was read at one moment.

    Arguments:
        about: what its page says of it besides messages; compared, never looked into.
        members: another one whenever somebody came into it or left.
        listed_as: what its members' sidebars say of it besides numbers, None when it is in none.
    """

    channel_id: int
    slug: str
    version: int
    last_seq: int
    about: Hashable
    members: int
    listed_as: Hashable


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody with an account, and what they may hear.

    Arguments:
        mark: another one once the sessions of before must end, as with another password.
        joined: the ids of the channels in their sidebar.
        sidebar: another one once that shows something else for a reason of theirs: read, cleared, muted.
        cleared: by a channel's id, the number up to which its messages are not for them; 0 is left out.
        language: that they chose; "" is as their browser says.
    """

    user_id: int
    username: str
    name: str
    mark: bytes
    joined: frozenset[int]
    sidebar: int
    cleared: Mapping[int, int]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed in a channel since it was read.

    Arguments:
        place: the channel as it is with that.
        rows: what changed, to render; nothing when `is_too_long`.
        lowest_seq: the lowest number among them.
        new: which of them nobody was told of yet, and are there to be read.
        gone: which of them are deleted, that somebody may have counted.
        is_too_long: there is more than a stream should carry; the page asks for it.
    """

    place: Place
    rows: Sequence[Any] = ()
    lowest_seq: int = 0
    new: Sequence[Said] = ()
    gone: Sequence[Said] = ()
    is_too_long: bool = False


class Source(Protocol):
    """All of it is asked by one thread, many things at a time. Any method raises what the database raises."""

    def admit(self, session_keys: Collection[str]) -> Mapping[str, Viewer]:
        """Who is logged in in each session; those in which nobody is are left out."""

    def alive(self, session_keys: Collection[str]) -> Collection[str]:
        """Those of the sessions, in which somebody was logged in, that have not ended since."""

    def viewers(self, user_ids: Collection[int]) -> Mapping[int, Viewer]:
        """The users as they are now; those whose account has ended are left out."""

    def opened(self, wishes: Mapping[int, Collection[str]]) -> Mapping[int, Sequence[Place]]:
        """By user: those of the channels with the slugs given that this user may read."""

    def places(self, channel_ids: Collection[int]) -> Mapping[int, Place]:
        """The channels as they are now."""

    def changes(self, place: Place) -> Batch:
        """What changed in the channel since."""

    def render(self, rows: Sequence[Any], language: str) -> str:
        """The rows of a batch as a page shows them."""

    def showing_presence(self, user_ids: Collection[int]) -> Collection[int]:
        """Those of the users that let others see whether they are here."""

    def hang_up(self) -> None:
        """Close the connection to the database; the next question opens another."""
