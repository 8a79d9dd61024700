"""Owners, moderators and members of a channel: what each may do to others there."""

import pytest

from accounts.models import AuditEntry
from channels_app.actions import archive_channel, join_channel, leave_channel, set_role
from channels_app.models import Channel, Membership, Role
from chatsite.errors import Conflict
from messaging.models import Message
from tests.cast import Cast, say, signed_in
from tests.threads import run_together


def role_of(channel: Channel, username: str) -> str | None:
    there = Membership.objects.filter(channel=channel, user__username=username, left_at=None)
    return there.values_list("role", flat=True).first()


def test_who_makes_a_channel_owns_it_and_who_takes_one_does_not(cast: Cast, hiring: Channel) -> None:
    signed_in(cast.mallory).post("/channels/create/", {"name": "design"})

    assert role_of(cast.design, "dave") == role_of(hiring, "bob") == Role.OWNER
    assert role_of(cast.design, "mallory") == Role.MEMBER


def test_a_channel_is_handed_over(cast: Cast, crew: Channel) -> None:
    bob, page = signed_in(cast.bob), f"/channels/{crew.slug}/members/"
    assert "Manage" in bob.get(page).content.decode()

    for username, role in (("dave", "owner"), ("bob", "member")):
        answer = bob.post(f"{page}{username}/role/", {"role": role})
        assert answer["Location"] == page

    assert (role_of(crew, "dave"), role_of(crew, "bob")) == ("owner", "member")
    assert "Manage" not in bob.get(page).content.decode()
    assert bob.post(f"{page}dave/role/", {"role": "member"}).status_code == 403


def test_the_last_owner_of_a_private_channel_stays(cast: Cast, crew: Channel) -> None:
    bob = signed_in(cast.bob)
    assert "only when somebody invites you" in bob.get(f"/channels/{crew.slug}/unsubscribe/").content.decode()

    assert bob.post(f"/channels/{crew.slug}/unsubscribe/").status_code == 409
    answer = bob.post(f"/channels/{crew.slug}/members/bob/role/", {"role": "member"})
    assert "Nobody else owns this channel." in answer.content.decode()
    assert role_of(crew, "bob") == Role.OWNER

    set_role(cast.bob, crew, user=cast.carol, role=Role.OWNER)
    assert bob.post(f"/channels/{crew.slug}/unsubscribe/")["Location"] == "/"
    assert role_of(crew, "bob") is None


def test_the_last_owner_leaves_once_it_is_archived(cast: Cast, crew: Channel) -> None:
    signed_in(cast.bob).post(f"/channels/{crew.slug}/archive/")
    leave_channel(cast.bob, crew)
    assert role_of(crew, "bob") is None


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_together_do_not_both(cast: Cast, crew: Channel) -> None:
    set_role(cast.bob, crew, user=cast.carol, role=Role.OWNER)

    def leave(user: object) -> str:
        try:
            leave_channel(user, crew)  # type: ignore[arg-type]
        except Conflict as refused:
            return refused.code
        return "left"

    outcomes = run_together([lambda: leave(cast.bob), lambda: leave(cast.carol)])

    assert sorted(outcomes) == ["last_owner", "left"]


def test_who_comes_back_is_a_plain_member(cast: Cast) -> None:
    leave_channel(cast.dave, cast.design)
    join_channel(cast.dave, cast.design)
    assert role_of(cast.design, "dave") == Role.MEMBER


def test_moderators_take_members_out_and_nobody_above_them(cast: Cast, crew: Channel) -> None:
    carol, page = signed_in(cast.carol), f"/channels/{crew.slug}/members/"
    assert carol.post(f"{page}bob/remove/").status_code == 403
    assert carol.post(f"{page}carol/remove/").status_code == 403
    assert carol.get(f"{page}bob/").status_code == 403
    assert "Remove from channel" in carol.get(f"{page}dave/").content.decode()

    assert carol.post(f"{page}dave/remove/")["Location"] == page

    assert role_of(crew, "dave") is None
    assert Membership.objects.get(channel=crew, user=cast.dave).removed_at
    assert signed_in(cast.dave).get(crew.get_absolute_url()).status_code == 404


def test_members_take_nobody_out(cast: Cast, crew: Channel) -> None:
    dave = signed_in(cast.dave)
    for username in ("bob", "carol"):
        assert dave.post(f"/channels/{crew.slug}/members/{username}/remove/").status_code == 403
    assert dave.post(f"/channels/{crew.slug}/members/mallory/remove/").status_code == 404


def test_moderators_delete_any_message_and_edit_their_own_alone(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "Not nice")
    carol, dave = signed_in(cast.carol), signed_in(cast.dave)
    assert carol.post(f"/messages/{message.client_id}/delete/").status_code == 403
    assert dave.post(f"/messages/{message.client_id}/edit/", {"text": "Nice"}).status_code == 403

    assert "Not nice" in dave.get(f"/messages/{message.client_id}/delete/").content.decode()
    assert dave.post(f"/messages/{message.client_id}/delete/").status_code == 302

    assert Message.objects.get(pk=message.pk).is_deleted
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.actor, entry.person) == ("message_deleted", cast.dave, cast.bob)
    assert "Not nice" not in f"{entry.about} {entry.before} {entry.after}"


def test_a_site_admin_looks_after_public_channels(cast: Cast) -> None:
    message = say(cast.bob, cast.design, "Not nice")
    alice = signed_in(cast.alice)

    assert alice.post(f"/messages/{message.client_id}/delete/").status_code == 302
    assert alice.post("/channels/design/members/bob/role/", {"role": "moderator"}).status_code == 302
    assert alice.post("/channels/design/settings/", {"name": "design", "topic": "New"}).status_code == 302
    assert alice.post("/channels/design/archive/").status_code == 302

    cast.design.refresh_from_db()
    assert (cast.design.topic, cast.design.is_archived) == ("New", True)
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", "before", "after"))[-3:]
    assert acts == [
        ("role_set", {"role": "member"}, {"role": "moderator"}),
        ("channel_edited", {"topic": "Pixels and words"}, {"topic": "New"}),
        ("channel_archived", {"archived": False}, {"archived": True}),
    ]


def test_of_a_private_channel_the_audit_log_says_nothing(cast: Cast, crew: Channel) -> None:
    signed_in(cast.bob).post(f"/channels/{crew.slug}/settings/", {"name": "secret", "topic": "x"})
    assert not AuditEntry.objects.filter(about__contains=crew.slug).exists()
    assert not AuditEntry.objects.filter(act__in=["channel_edited", "member_added", "role_set"]).exists()


def test_a_renamed_channel_is_found_under_its_old_name(cast: Cast) -> None:
    dave = signed_in(cast.dave)

    answer = dave.post("/channels/design/settings/", {"name": "Looks", "topic": "Pixels"})

    assert answer["Location"] == "/channels/looks/settings/"
    assert dave.get("/channels/design/")["Location"] == "/channels/looks/"
    assert dave.get("/channels/design/changes/?after=0").status_code == 200
    assert dave.post("/channels/create/", {"name": "design"})["Location"] == "/channels/looks/"
    assert dave.post("/channels/looks/settings/", {"name": "design", "topic": ""}).status_code == 302
    assert dave.get("/channels/looks/")["Location"] == "/channels/design/"
    cast.design.refresh_from_db()
    assert (cast.design.name, cast.design.topic) == ("design", "")


def test_a_name_of_another_channel_of_now_or_before_is_taken(cast: Cast) -> None:
    dave = signed_in(cast.dave)
    dave.post("/channels/create/", {"name": "ideas"})
    dave.post("/channels/ideas/settings/", {"name": "plans", "topic": ""})

    for name in ("plans", "ideas", "public", ""):
        answer = dave.post("/channels/design/settings/", {"name": name, "topic": "lost?"})
        assert answer.context["form"].errors["name"], name
    cast.design.refresh_from_db()
    assert (cast.design.slug, cast.design.topic) == ("design", "Pixels and words")


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_given_up_and_taken_in_the_same_moment_is_of_one_channel(cast: Cast) -> None:
    bob, dave = signed_in(cast.bob), signed_in(cast.dave)

    def rename() -> None:
        dave.post("/channels/design/settings/", {"name": "looks", "topic": ""})

    def create() -> None:
        bob.post("/channels/create/", {"name": "design"})

    run_together([rename, create])

    assert bob.get("/channels/design/")["Location"] == "/channels/looks/"
    assert Channel.objects.count() == 2


def test_a_private_channel_keeps_its_address_under_any_name(cast: Cast, crew: Channel) -> None:
    bob = signed_in(cast.bob)
    answer = bob.post(f"/channels/{crew.slug}/settings/", {"name": "design", "topic": ""})

    assert answer["Location"] == f"/channels/{crew.slug}/settings/"
    assert signed_in(cast.mallory).get("/channels/design/").context["channel"] == cast.design


def test_settings_show_what_one_may_do(cast: Cast, crew: Channel) -> None:
    page = f"/channels/{crew.slug}/settings/"
    owner, moderator = (signed_in(user).get(page).content.decode() for user in (cast.bob, cast.carol))

    assert 'name="name"' in owner
    assert "Archive" in owner
    assert 'name="topic"' in moderator
    assert 'name="name"' not in moderator
    assert "Archive" not in moderator
    assert signed_in(cast.dave).get(page).status_code == 403
    assert "settings/" not in signed_in(cast.dave).get(crew.get_absolute_url()).content.decode()

    assert signed_in(cast.carol).post(page, {"name": "mine", "topic": "Ours"}).status_code == 302
    crew.refresh_from_db()
    assert (crew.name, crew.topic) == ("hiring", "Ours")


def test_archiving_is_undone_by_its_notice(cast: Cast, crew: Channel) -> None:
    bob = signed_in(cast.bob)
    page = bob.post(f"/channels/{crew.slug}/archive/", follow=True)
    [toast] = page.context["toasts"]

    bob.post(toast.undo_url, {"undo": "1"})

    crew.refresh_from_db()
    assert not crew.is_archived


def test_public_is_not_renamed_and_not_archived(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    page = alice.get("/channels/public/settings/").content.decode()
    assert 'name="name"' not in page
    assert "Archive" not in page
    assert alice.post("/channels/public/archive/").status_code == 409
    alice.post("/channels/public/settings/", {"name": "private", "topic": "x"})
    cast.public.refresh_from_db()
    assert cast.public.slug == "public"


def test_what_is_archived_by_its_owner_is_restored_by_its_owner(cast: Cast, crew: Channel) -> None:
    archive_channel(cast.bob, crew)
    assert signed_in(cast.carol).post(f"/channels/{crew.slug}/restore/").status_code == 403
    assert signed_in(cast.bob).post(f"/channels/{crew.slug}/restore/").status_code == 302
