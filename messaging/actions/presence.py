"""Telling the hubs how one of somebody's browsers is used. Nothing of it is stored."""

from collections.abc import Collection

from accounts.models import User
from accounts.permissions import is_active
from chatsite.limits import CHANGE, limited
from chatsite.live.bus import announce
from chatsite.live.events import browser_changed
from chatsite.live.stream import device_of
from chatsite.rights import require


@limited(CHANGE)
def tell_browser(actor: User, *, session_key: str, is_idle: bool, people: Collection[int]) -> None:
    """Tell that the browser of that session is used or not, and of whom it shows whether they are here.

    Arguments:
        people: users' ids; who is nobody is never here.

    Raises:
        NotAllowed: the actor's account has ended.
    """
    require(is_active, actor)
    announce(browser_changed(actor.pk, device=device_of(session_key), is_idle=is_idle, people=people))
