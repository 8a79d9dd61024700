"""Every read of accounts."""

from django.db.models import QuerySet

from accounts.models import User
from chatsite.errors import NotFound
from chatsite.text import comparison_key, refuse_unstorable

LAST_CHARACTER = "\U0010ffff"


def user_by_username(username: str) -> User:
    """The user of that name, in any spelling.

    Raises:
        NotFound: there is none.
    """
    refuse_unstorable(username, field="username")
    user = User.objects.filter(username=comparison_key(username.strip())).first()
    if user is None:
        raise NotFound
    return user


def named_like(users: QuerySet[User], words: str) -> QuerySet[User]:
    """Those of `users` whose username starts with `words`, by name."""
    start = comparison_key(words.strip().removeprefix("@"))
    # A range, not LIKE: both databases look it up in the index of the username, whatever its collation.
    return users.filter(username__gte=start, username__lt=start + LAST_CHARACTER).order_by("username")
