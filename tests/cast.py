"""The people that every test knows, and how they talk.

alice is the site admin; bob and carol are members of #design; dave looks after it; mallory is in `public`
only and tries what she may not.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from factory.base import Factory
from factory.declarations import Sequence

from accounts.actions import create_user, note_session
from accounts.actors import SYSTEM
from accounts.models import User
from channels_app.actions import create_channel, join_channel, the_public_channel
from channels_app.models import Channel
from messaging.models import Message

PASSWORD = "four unrelated words"


class UserFactory(Factory[User]):
    class Meta:
        model = User

    username = Sequence("person-{}".format)  # type: ignore[no-untyped-call]
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return create_user(SYSTEM, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Cast:
    alice: User
    bob: User
    carol: User
    dave: User
    mallory: User
    public: Channel
    design: Channel


def gather() -> Cast:
    """The cast, with #public that everybody is in, and #design of bob, carol and dave."""
    alice = UserFactory.create(
        username="alice", display_name="Alice Moreau", is_staff=True, is_superuser=True
    )
    bob = UserFactory.create(username="bob", display_name="Bob Okafor")
    carol = UserFactory.create(username="carol", display_name="Carol Lindqvist")
    dave = UserFactory.create(username="dave", display_name="Dave Iyer")
    mallory = UserFactory.create(username="mallory", display_name="Mallory Quinn")
    design = create_channel(dave, name="design", topic="Pixels and words")
    join_channel(bob, design)
    join_channel(carol, design)
    return Cast(alice, bob, carol, dave, mallory, the_public_channel(), design)


def signed_in(user: User, *, checks_csrf: bool = False) -> Client:
    """A browser in which `user` is logged in."""
    client = Client(enforce_csrf_checks=checks_csrf)
    client.force_login(user)
    note_session(user, client.session.session_key or "", user_agent="")
    return client


def post_text(
    client: Client, channel: Channel, text: str, client_id: uuid.UUID | str | None = None, **more: str
) -> Any:
    """Send the composer of `channel`, as the plain page does, with the fields `more`."""
    fields = {"text": text, "client_id": str(client_id or uuid.uuid4()), **more}
    return client.post(f"/channels/{channel.slug}/messages/", fields)


def say(author: User, channel: Channel, text: str) -> Message:
    """Have `author` say something through the front door, and wait until it is stored."""
    client_id = uuid.uuid4()
    response: HttpResponse = post_text(signed_in(author), channel, text, client_id)
    assert response.status_code == 302, response.content.decode()
    return Message.objects.get(client_id=client_id)
