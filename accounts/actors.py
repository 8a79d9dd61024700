"""Who acts: every action takes its actor first."""

from typing import Final, TypeAlias, final

from accounts.models import User


@final
class System:
    """The product itself, for commands, tasks and migrations: it may do anything and is nobody."""

    is_active = True
    is_staff = True
    is_superuser = True

    def __repr__(self) -> str:
        return "SYSTEM"


SYSTEM: Final = System()
Actor: TypeAlias = User | System
