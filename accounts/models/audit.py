"""The audit log: who did what, and never a message's text."""

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class Act(models.TextChoices):
    """What the audit log knows; the acts of the apps above, too, so that all are in one list."""

    ACCOUNT_CREATED = "account_created", _("account created")
    ACCOUNT_EDITED = "account_edited", _("account edited")
    ACCOUNT_DEACTIVATED = "account_deactivated", _("account deactivated")
    ACCOUNT_DELETED = "account_deleted", _("account deleted")
    ACCOUNT_REACTIVATED = "account_reactivated", _("account reactivated")
    BANNED = "banned", _("banned from the site")
    BAN_LIFTED = "ban_lifted", _("ban lifted")
    DATA_EXPORTED = "data_exported", _("own data exported")
    PASSWORD_SET = "password_set", _("password set")  # the name of an act
    RIGHTS_GIVEN = "rights_given", _("rights given")
    LOGGED_IN = "logged_in", _("logged in")
    LOGGED_OUT = "logged_out", _("logged out")
    LOG_IN_FAILED = "log_in_failed", _("log-in failed")
    SESSION_ENDED = "session_ended", _("logged out from elsewhere")
    OTHER_SESSIONS_ENDED = "other_sessions_ended", _("logged out everywhere else")
    ADDRESS_CONFIRMED = "address_confirmed", _("address confirmed")
    RESET_LINK_MADE = "reset_link_made", _("link to a new password made")
    TWO_FACTOR_ON = "two_factor_on", _("two-factor switched on")
    TWO_FACTOR_OFF = "two_factor_off", _("two-factor switched off")
    TWO_FACTOR_TAKEN_AWAY = "two_factor_taken_away", _("two-factor taken away")
    APP_ADDED = "app_added", _("authenticator app set up")
    APP_REMOVED = "app_removed", _("authenticator app removed")
    PASSKEY_ADDED = "passkey_added", _("passkey added")
    PASSKEY_REMOVED = "passkey_removed", _("passkey removed")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("recovery codes made")
    RECOVERY_CODE_USED = "recovery_code_used", _("recovery code used")
    SECOND_FACTOR_FAILED = "second_factor_failed", _("second factor failed")
    SERVICE_CONNECTED = "service_connected", _("log-in by another service connected")
    SERVICE_DISCONNECTED = "service_disconnected", _("log-in by another service disconnected")
    MEMBER_ADDED = "member_added", _("added to a channel")
    MEMBER_REMOVED = "member_removed", _("removed from a channel")
    ROLE_SET = "role_set", _("role in a channel set")
    CHANNEL_EDITED = "channel_edited", _("channel edited")
    CHANNEL_ARCHIVED = "channel_archived", _("channel archived")
    CHANNEL_RESTORED = "channel_restored", _("channel restored")
    MESSAGE_DELETED = "message_deleted", _("message deleted")
    MESSAGES_REMOVED = "messages_removed", _("removal of messages started")
    REPORT_SETTLED = "report_settled", _("report settled")
    REJECTED_RETRIED = "rejected_retried", _("rejected message retried")
    REJECTED_DISCARDED = "rejected_discarded", _("rejected message discarded")
    SITE_EDITED = "site_edited", _("site settings edited")
    SITE_INVITATION_MADE = "site_invitation_made", _("invitation to the site made")
    SITE_INVITATION_REVOKED = "site_invitation_revoked", _("invitation to the site revoked")
    SITE_INVITATION_USED = "site_invitation_used", _("invitation to the site used")


def the_acts() -> list[tuple[str, Any]]:
    """For a column: as a function, so that a new act needs no migration."""
    return list(Act.choices)


class AppendedQuerySet(models.QuerySet["AuditEntry"]):
    """Rows that are written once: changing many of them at a time is refused as well."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit log is only added to.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit log is only added to.")


class AuditEntry(models.Model):
    """One act in the audit log. `accounts.audit.record` writes it; nothing changes it or takes it away."""

    ABOUT_LENGTH: ClassVar[int] = 190  # characters
    ORIGIN_LENGTH: ClassVar[int] = 100

    at = models.DateTimeField(_("at"), editable=False)
    actor = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Empty: a command, or the site itself."),
    )
    act = models.CharField(_("what"), max_length=40, choices=the_acts, db_index=True)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("to whom"))
    about = models.CharField(_("about"), max_length=ABOUT_LENGTH, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    origin = models.CharField(_("from"), max_length=ORIGIN_LENGTH, blank=True)

    objects = models.Manager.from_queryset(AppendedQuerySet)()

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} · {self.act}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit log is only added to.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit log is only added to.")
