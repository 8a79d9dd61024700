"""Names and texts of any characters at all: refused with a reason, or kept, and compared alike everywhere."""

import unicodedata
import uuid
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from django.urls import resolve, reverse
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from accounts.names import clean_username, username_shape
from channels_app.models import Channel
from channels_app.names import clean_name, slug_of
from chatsite.errors import Invalid
from chatsite.text import KEY_LENGTH, comparison_key
from messaging.models import Message
from messaging.pipeline.envelope import Envelope
from messaging.pipeline.persist import persist
from messaging.texts import TEXT_LENGTH, clean_text
from tests.cast import Cast
from tests.messaging.test_timeline import NOON

# Every character there is, lone surrogates too: commands and programs can send them.
ANYTHING = st.text(st.characters(), max_size=100)
TRICKY = st.text(
    st.sampled_from("aAéE\u0301ßſİıΣς ./\\?#%&;-_@\u200d\u200c\ufe0f\u202e\u3164😀😁👩🏽\x00\n\ud800ﬁ½㎏ﷺ"),
    max_size=20,
)
TEXTS = st.one_of(ANYTHING, TRICKY)


def accepted(clean: Callable[[str], str], text: str) -> str:
    """What `clean` makes of `text`; a text that it refuses, with a reason, ends the example."""
    try:
        return clean(text)
    except Invalid as error:
        refusal = error
    assert str(refusal.message)
    assert refusal.code != Invalid.code
    return reject()


@given(TEXTS)
@example("\u200d")
@example(".." + "\ufe0f")
def test_a_channel_name_is_refused_or_has_an_address_that_leads_back(typed: str) -> None:
    name = accepted(clean_name, typed)

    slug = slug_of(name)

    assert 0 < len(slug) <= KEY_LENGTH
    assert slug_of(slug) == slug
    assert slug_of(typed) == slug
    assert clean_name(name) == name
    assert slug not in (".", "..")
    assert not set(slug) & set("/\\?#% ")
    assert not any(unicodedata.category(character) == "Cc" for character in name)
    address = reverse("messaging:channel", args=[slug])
    assert resolve(unquote(address)).kwargs == {"slug": slug}


@given(TEXTS)
def test_a_username_is_refused_or_stays_the_same_when_it_is_cleaned_again(typed: str) -> None:
    username = accepted(clean_username, typed)

    assert clean_username(username) == username
    assert clean_username(f" {typed} ") == username
    assert comparison_key(username) == username
    assert username_shape(username_shape(username)) == username_shape(username)


@given(TEXTS)
@example("x" * (TEXT_LENGTH + 1))
def test_a_text_is_refused_or_kept_as_it_was_but_for_the_white_space_around_it(typed: str) -> None:
    text = accepted(clean_text, typed)

    assert text == typed.replace("\r\n", "\n").replace("\r", "\n").strip()
    assert 1 <= len(text) <= TEXT_LENGTH
    assert clean_text(text) == text


@settings(max_examples=60)
@given(one=TRICKY, other=TRICKY)
@example(one="café", other="cafe")
@example(one="😀", other="😁")
@example(one="a", other="a\u0301")
def test_the_database_takes_two_slugs_for_one_exactly_when_they_are_equal(
    cast: Cast, one: str, other: str
) -> None:
    for name in (one, other):
        accepted(clean_name, name)
    Channel.objects.filter(memberships=None).delete()
    Channel.objects.create(name=one[:80], slug=slug_of(one))

    assert Channel.objects.filter(slug=slug_of(other)).exists() == (slug_of(one) == slug_of(other))


@settings(max_examples=60)
@given(typed=TEXTS)
def test_the_database_keeps_a_text_to_the_letter(cast: Cast, typed: str) -> None:
    text = accepted(clean_text, typed)

    client_id = uuid.uuid4()

    persist([Envelope(client_id, cast.design.pk, cast.bob.pk, text, NOON)], keep_rejected=True)

    assert Message.objects.get(client_id=client_id).text == text


@pytest.mark.parametrize("name", ["design", "Ｄesign", "DESIGN"])
def test_a_slug_is_found_in_every_spelling(cast: Cast, name: str) -> None:
    assert slug_of(name) == cast.design.slug
