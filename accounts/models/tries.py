"""How many wrong codes were tried for whom."""

from django.db import models

from accounts.models.users import User


class CodeTries(models.Model):
    """The tries that an account has left at its second factor: all of them from `all_back_at` on.

    Not in the table of limits, which lets everybody in while it is of no use and forgets when it is full.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    all_back_at = models.FloatField(default=0, db_default=0)  # seconds since 1970

    def __str__(self) -> str:
        return str(self.user)
