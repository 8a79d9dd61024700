"""A walk past every page, and what opens on it, in any language: for what has to hold everywhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import polib
from playwright.sync_api import Locator, expect

from chatsite.languages import LANGUAGES
from tests.app_codes import app_code
from tests.browser.person import Person
from tests.languages.catalogues import catalogue_of
from tests.pictures import file_of, striped
from tests.site import CHECKOUT, Site
from tests.visitor import PASSWORD, Visitor
from tests.waiting import wait_for

PHONE: Any = {"width": 390, "height": 844}
# Who is called that becomes staff, and gets a link to a new password as if it had been mailed.
STAFF_WITH_LINK = """
from allauth.account.forms import default_token_generator as tokens
from allauth.account.utils import user_pk_to_url_str as name
from accounts.models import User
user = User.objects.get(username={username!r})
User.objects.filter(pk=user.pk).update(is_staff=True)
print(f"/accounts/password/reset/key/{{name(user)}}-{{tokens.make_token(user)}}/")
"""
LONG_NAME = "and-its-name-is-as-long-as-a-name-may-be-and-not-a-bit-longer"
SAID = (
    "Soup at noon? The menu: https://soup.example/menu",
    "هل نأكل معًا؟",
    "🎉",
    "w" * 4_000,
)

Stops = Iterator[str]


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of the product in a language, by which things are found on its pages."""

    language: str

    def __call__(self, text: str, context: str | None = None) -> str:
        return _translations(self.language).get((text, context), text)


@cache
def _translations(language: str) -> dict[tuple[str, str | None], str]:
    if language == "en":
        return {}
    catalogue = polib.pofile(str(catalogue_of(CHECKOUT, language)))
    return {(entry.msgid, entry.msgctxt or None): entry.msgstr for entry in catalogue if entry.msgstr}


class Tour:
    """What `guide` is led past, with somebody else who has said things there.

    Each stop is a page in some state, named in words; whoever takes the tour looks at it and goes on.

    Arguments:
        language: of the pages; the browser of `guide` asks for it.
    """

    def __init__(self, site: Site, guide: Person, visitor: Visitor, *, language: str, slug: str) -> None:
        assert language in dict(LANGUAGES)
        self._site = site
        self._guide = guide
        self._visitor = visitor
        self._words = Words(language)
        self._slug = slug
        with Visitor(site.url, guide.username) as account:
            account.sign_up()
        printed = site.manage("shell", "-c", STAFF_WITH_LINK.format(username=guide.username))
        self._link = printed.strip().splitlines()[-1]

    def stops(self) -> Stops:
        yield from self._outside()
        self._log_in()
        yield from self._pages()
        yield from self._channels()
        yield from self._private()
        yield from self._secured()
        yield from self._opened()
        yield from self._on_a_phone()
        yield from self._troubled()

    # Where nobody is logged in.

    def _outside(self) -> Stops:
        page, words = self._guide.page, self._words
        self._guide.allow("status of 4")
        for path in (
            "/accounts/signup/",
            "/accounts/login/",
            "/join/used-up/",
            "/offline/",
            "/nowhere/",
            "/admin/login/",
        ):
            yield self._go(path)
        yield self._go("/accounts/password/reset/")
        yield self._go("/accounts/password/reset/done/")
        yield self._go("/accounts/password/reset/key/1-used/")
        page.goto(self._link)
        expect(page.locator("input[type=password]").first).to_be_visible()
        yield "a link to a new password"

        self._go("/accounts/signup/")
        page.get_by_label(words("Username")).fill("not a name")
        page.get_by_label(words("Password")).fill("short")
        self._press("Sign up")
        expect(page.locator(".field--wrong").first).to_be_visible()
        yield "a refused sign-up"

    def _log_in(self) -> None:
        page, words = self._guide.page, self._words
        self._go("/accounts/login/")
        page.get_by_label(words("Username")).fill(self._guide.username)
        page.get_by_label(words("Password")).fill(PASSWORD)
        self._press("Log in")
        expect(page.get_by_role("heading", level=1)).to_contain_text("public")

    # What stands alone.

    def _pages(self) -> Stops:
        page, words = self._guide.page, self._words
        for path in (
            "/channels/",
            "/channels/?q=nothing-is-called-this-way-and-nothing-ever-will-be-called-so",
            "/channels/create/",
            "/channels/search/",
            "/channels/search/?q=nothing-and-nobody-is-called-this-way",
            "/channels/public/members/",
            f"/people/{self._guide.username}/",
            f"/people/{self._visitor.username}/",
            "/accounts/preferences/",
            "/accounts/preferences/leave/",
            "/accounts/password/change/",
            "/invitations/site/",
            "/accounts/sessions/",
            "/accounts/2fa/",
            "/accounts/logout/",
            "/nowhere/",
            "/styleguide/",
        ):
            yield self._go(path)

        self._go("/accounts/preferences/")
        picture = {"name": "me.png", "mimeType": "image/png", "buffer": file_of(striped(900, 300))}
        page.locator("input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
        expect(page.get_by_role("application")).to_be_visible()
        yield "the square of a picture"

        self._go("/invitations/site/")
        self._press("Make link")
        expect(page.locator(".qr-code")).to_be_visible()
        yield "a link to sign up with"

        self._go("/channels/create/")
        page.get_by_label(words("Channel name")).fill("..")
        self._press("Create")
        expect(page.locator(".field--wrong").first).to_be_visible()
        yield "a refused channel"

    def _said(self, address: str, text: str) -> UUID:
        """Say `text` in the channel there, and wait until it is stored."""
        client_id = self._visitor.say(address, text)
        slug = unquote(address).split("/")[2]
        wait_for(lambda: client_id in self._site.stored(slug), what="the message to be stored")
        return client_id

    def _channels(self) -> Stops:
        page, words = self._guide.page, self._words
        address = self._visitor.create_channel(self._slug)
        named = [self._said(address, text) for text in SAID]
        yield self._go(address, "a channel that one is a guest of")
        self._press("Join")
        expect(self._box).to_be_visible()
        for text in ("Mine", "And mine"):
            self._box.fill(text)
            self._press("Send")
            expect(self._messages.filter(has_text=text).locator("time")).to_contain_text(re.compile(r"\d"))
        self._go("/channels/")
        self._said(address, "To be read")
        self._go(address)
        expect(page.get_by_text(words("New"), exact=True)).to_be_visible()
        yield "a channel with something new"
        page.goto(f"/messages/{named[0]}/")
        expect(page.locator(".message--focus")).to_be_visible()
        yield "a message that a link led to"
        mine = self._messages.filter(has_text="And mine").get_attribute("data-client-id")
        yield self._go(f"/messages/{mine}/edit/", "a page to edit a message")
        yield self._go(f"/messages/{mine}/delete/", "a page to delete a message")

        self._go("/channels/create/")
        page.get_by_label(words("Channel name")).fill(f"{self._slug}-{LONG_NAME}"[:60])
        page.get_by_label(words("Topic")).fill("aTopicInOneWord" * 10)
        self._press("Create")
        expect(self._box).to_be_visible()
        yield "an empty channel with a long name"

    def _private(self) -> Stops:
        """A private channel, from both ends of an invitation, and a conversation."""
        page, words, resident = self._guide.page, self._words, self._visitor
        self._go("/channels/create/")
        page.get_by_label(words("Channel name")).fill("hideout")
        page.get_by_label(words("Private: for those who are invited, and nobody else knows of it")).check()
        self._press("Create")
        expect(self._box).to_be_visible()
        yield "an empty private channel"
        address = urlsplit(page.url).path
        self._go(f"{address}invitations/")
        for name, shown in (("nobody", ".field--wrong"), (resident.username, "#pending-title")):
            page.get_by_label(words("Username")).fill(name)
            self._press("Invite")
            expect(page.locator(shown)).to_be_visible()
            yield f"an invitation of {name}"
        [accept] = re.findall(
            r"/channels/invitations/\d+/accept/", resident.get("/channels/sidebar/").body.decode()
        )
        assert resident.send(accept).status == 302
        for path in ("settings/", "members/", f"members/{resident.username}/", "unsubscribe/"):
            yield self._go(f"{address}{path}")

        theirs = resident.send("/channels/create/", name="hiring", kind="private").headers["Location"]
        assert resident.send(f"{theirs}invitations/", username=self._guide.username).status == 302
        yield self._go("/channels/", "an invitation in the sidebar")
        yield self._go(f"/direct/?q=g&person={resident.username}")
        self._press("Open conversation")
        expect(self._box).to_be_visible()
        yield "a conversation that begins"
        resident.say(urlsplit(page.url).path, "Have a minute?")
        expect(self._messages.filter(has_text="Have a minute?")).to_be_visible()
        yield "a conversation that goes on"

    def _secured(self) -> Stops:
        """The second factor: switched on, asked for, and switched off again."""
        page, words = self._guide.page, self._words
        yield self._go("/accounts/2fa/app/set-up/", "a page that asks for the password again")
        page.get_by_label(words("Password")).fill(PASSWORD)
        self._press("Go on")
        expect(page.locator(".qr")).to_be_visible()
        yield "an app that is set up"
        code = app_code(page.locator(".secret").inner_text())
        page.get_by_label(words("Code")).fill(code)
        self._press("Switch on")
        expect(page.locator(".codes")).to_be_visible()
        yield "recovery codes"
        recovery = page.locator(".codes code").first.inner_text()
        for path in (
            "/accounts/2fa/",
            "/accounts/2fa/codes/",
            "/accounts/2fa/codes/make/",
            "/accounts/2fa/passkeys/add/",
        ):
            yield self._go(path, f"{path} with an app")
        self._go("/accounts/logout/")
        page.get_by_role("main").get_by_role("button", name=words("Log out")).click()
        self._go("/accounts/login/")
        page.get_by_label(words("Username")).fill(self._guide.username)
        page.get_by_label(words("Password")).fill(PASSWORD)
        self._press("Log in")
        expect(page.get_by_label(words("Code"))).to_be_visible()
        yield "the second step of a log-in"
        page.get_by_label(words("Code")).fill(recovery)
        self._press("Log in")
        expect(self._box).to_be_visible()
        self._go("/accounts/2fa/app/remove/")
        page.get_by_label(words("Password")).fill(PASSWORD)
        self._press("Go on")
        expect(page.get_by_role("main").get_by_role("button", name=words("Remove"))).to_be_visible()
        yield "an app that is removed"
        page.get_by_role("main").get_by_role("button", name=words("Remove")).click()

    # What opens on a page.

    def _opened(self) -> Stops:
        page, words = self._guide.page, self._words
        self._go(f"/channels/{self._slug}/")
        page.keyboard.press("Control+k")
        switcher = page.get_by_role("dialog", name=words("Jump to a channel or person"))
        expect(switcher.get_by_role("option").first).to_be_visible()
        yield "the switcher"
        switcher.get_by_role("combobox").fill("nothing is called like that")
        expect(switcher.get_by_role("option")).to_have_count(0)
        yield "the switcher that finds nothing"
        page.keyboard.press("Escape")
        expect(switcher).to_be_hidden()

        self._timeline.focus()
        page.keyboard.press("Shift+?")
        sheet = page.get_by_role("dialog", name=words("Keyboard shortcuts"))
        expect(sheet).to_be_visible()
        yield "the sheet of shortcuts"
        page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()

        page.locator("a.channel__members").click()
        aside = page.get_by_role("complementary", name=words("Members"))
        expect(aside.get_by_role("listitem").first).to_be_visible()
        yield "the members beside the messages"
        aside.get_by_role("button", name=words("Close")).click()

        self._act_on("And mine", "Delete")
        dialog = page.get_by_role("dialog", name=words("Delete this message?"))
        expect(dialog).to_be_visible()
        yield "a question before a message is deleted"
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()

        self._act_on("And mine", "Edit")
        expect(page.get_by_label(words("Edited text"))).to_be_focused()
        yield "a message that is edited in place"
        page.keyboard.press("Escape")
        self._box.fill("x" * 9_900)
        expect(page.locator("#composer-count")).to_contain_text(re.compile(r"\d"))
        yield "a long text that is written"
        self._box.fill("")

    def _on_a_phone(self) -> Stops:
        page, words = self._guide.page, self._words
        size: Any = page.viewport_size
        page.set_viewport_size(PHONE)
        page.get_by_role("main").get_by_role("button", name=words("Channels")).click()
        expect(page.get_by_role("navigation", name=words("Channels"))).to_be_visible()
        yield "the drawer"
        page.keyboard.press("Escape")
        self._press("More")
        expect(page.get_by_role("button", name=words("Delete chat"))).to_be_visible()
        yield "the menu of a channel"
        self._press("Delete chat")
        expect(page.get_by_role("button", name=words("Undo"))).to_be_visible()
        yield "a cleared channel, with Undo"
        self._press("Undo")
        expect(self._messages.filter(has_text="And mine")).to_be_visible()
        page.set_viewport_size(size)

    def _troubled(self) -> Stops:
        """What is shown while the server is away, and of what it refuses."""
        page, words = self._guide.page, self._words
        self._guide.allow("net::ERR_INTERNET_DISCONNECTED")
        self._guide.context.set_offline(True)
        self._box.fill("On its way")
        self._box.press("Enter")
        expect(page.locator("#connection")).to_be_visible()
        yield "a channel whose server is away"
        page.locator("form[data-log-out]").evaluate("(form) => form.requestSubmit()")
        asked = page.get_by_role("dialog", name=words("Log out and delete what is not sent?"))
        expect(asked).to_be_visible()
        yield "a question before what is not sent is lost"
        page.keyboard.press("Escape")
        expect(asked).to_be_hidden()
        self._site.manage("unsubscribe", self._guide.username, self._slug)
        self._guide.context.set_offline(False)
        expect(page.get_by_role("button", name=words("Retry"))).to_be_visible()
        yield "a message that is refused"

    # How to get there.

    @property
    def _timeline(self) -> Locator:
        return self._guide.page.get_by_role("log", name=self._words("Messages"))

    @property
    def _messages(self) -> Locator:
        return self._timeline.get_by_role("article")

    @property
    def _box(self) -> Locator:
        return self._guide.page.get_by_role("textbox", name=self._words("Message"), exact=True)

    def _go(self, path: str, name: str = "") -> str:
        self._guide.page.goto(path)
        return name or path

    def _press(self, name: str) -> None:
        self._guide.page.get_by_role("button", name=self._words(name), exact=True).click()

    def _act_on(self, text: str, name: str) -> None:
        message = self._messages.filter(has_text=text)
        message.hover()
        message.get_by_role("button", name=self._words(name), exact=True).click()
