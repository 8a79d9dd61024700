"""Every write to a message that was accepted already; new ones come through `messaging.pipeline.accept`."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import Act, User
from accounts.permissions import is_active
from channels_app.models import Channel
from chatsite.errors import NotFound
from chatsite.limits import CHANGE, limited
from chatsite.live.bus import announce
from chatsite.live.events import channel_changed
from chatsite.rights import Predicate, require
from messaging.actions.erasing import erase, erase_rejected
from messaging.models import EarlierText, Message, RejectedMessage, Tombstone
from messaging.permissions import may_delete, may_edit
from messaging.queries.named import message_by_client_id, message_to_change
from messaging.rendering import HTML_VERSION, render
from messaging.texts import clean_text


@limited(CHANGE)
def edit_message(actor: User, client_id: UUID, *, text: str) -> Message:
    """Give the actor's own message another text; the earlier one is kept for admins.

    Raises:
        Invalid: the text breaks a rule.
        NotFound: there is no such message, or it is deleted.
        NotAllowed: it is somebody else's, or the channel is archived.
    """
    text = clean_text(text)
    html = render(text)
    with transaction.atomic():
        message = _locked(actor, client_id, may_edit)
        if message.text == text:
            return message
        now = timezone.now()
        EarlierText.objects.create(message=message, text=message.text, replaced_at=now)
        message.text, message.html, message.html_version, message.edited_at = text, html, HTML_VERSION, now
        _save_as_next_version(message, ["text", "html", "html_version", "edited_at"])
    return message


@limited(CHANGE)
def delete_message(actor: User, client_id: UUID) -> Message | None:
    """Take a message away from everybody: the row stays, its texts are gone.

    An own one that is not stored yet never will be: a tombstone of the actor's stays in its place. So it
    does for every name under which the actor can see no message, whatever is behind it.

    Returns:
        The deleted message, None when there was none to be seen.

    Raises:
        NotAllowed: it is somebody else's and the actor is no moderator, the channel is archived, or the
            actor's account has ended.
    """
    require(is_active, actor)
    try:
        return _delete_stored(actor, client_id)
    except NotFound:
        _bury(actor, client_id)
    # The tombstone is committed: who stores or rejects the message after this sees it.
    _wait_for_who_stores(client_id)
    _erase_rejected(actor, client_id)
    try:
        return _delete_stored(actor, client_id)
    except NotFound:
        return None


@transaction.atomic
def _delete_stored(actor: User, client_id: UUID) -> Message:
    message = _locked(actor, client_id, may_delete)
    erase([message], {message.channel_id: message.channel})
    if actor != message.author and message.channel.is_public:
        record(actor, Act.MESSAGE_DELETED, person=message.author, about=str(client_id))
    return message


def _bury(actor: User, client_id: UUID) -> None:
    Tombstone.objects.get_or_create(
        client_id=client_id, author=actor, defaults={"created_at": timezone.now()}
    )


@transaction.atomic
def _erase_rejected(actor: User, client_id: UUID) -> None:
    """Keep no text of the actor's in what was rejected under that name.

    Waits for who rejected it and looked for its tombstone before that was there.
    """
    same_name = RejectedMessage.objects.filter(client_id=client_id, author=actor)
    erase_rejected(same_name.select_for_update())


@transaction.atomic
def _wait_for_who_stores(client_id: UUID) -> None:
    """Wait for a transaction that inserted the message and looked for its tombstone before that was there.

    Who comes later sees the tombstone. The lock ends here: a message is locked after its channel.
    """
    Message.objects.select_for_update().filter(client_id=client_id).values_list("pk").first()


def _locked(actor: User, client_id: UUID, right: Predicate) -> Message:
    """The message to change, with its channel locked before it, as every write does."""
    channel = Channel.objects.select_for_update().get(pk=message_by_client_id(actor, client_id).channel_id)
    message = message_to_change(actor, client_id, right)  # again, now that nobody else can change it
    message.channel = channel
    return message


def _save_as_next_version(message: Message, fields: list[str]) -> None:
    channel = message.channel
    channel.version += 1
    channel.save(update_fields=["version"])
    message.version = channel.version
    message.save(update_fields=[*fields, "version"])
    announce(channel_changed(channel.pk, channel.version))
