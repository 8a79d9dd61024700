"""Who may do what with an account; and what is true of an actor, for the rules of the other apps."""

from accounts.actors import SYSTEM, Actor
from accounts.models import SiteInvitation, SiteSettings, User
from chatsite.rights import rule


@rule
def is_active(actor: Actor) -> bool:
    return actor.is_active


@rule
def is_system(actor: Actor) -> bool:
    return actor is SYSTEM


@rule
def is_site_admin(actor: Actor) -> bool:
    return actor.is_staff


@rule
def is_superuser(actor: Actor) -> bool:
    return actor.is_superuser


@rule
def is_the_person(actor: Actor, person: User) -> bool:
    return actor == person


@rule
def is_about_an_admin(actor: Actor, person: User) -> bool:
    return person.is_staff or person.is_superuser


@rule
def is_about_a_deleted(actor: Actor, person: User) -> bool:
    return person.is_deleted


@rule
def is_open_to_all(invitation: SiteInvitation | None, site: SiteSettings) -> bool:
    return site.sign_up == SiteSettings.SignUp.OPEN


@rule
def is_open_to_invited(invitation: SiteInvitation | None, site: SiteSettings) -> bool:
    return site.sign_up == SiteSettings.SignUp.INVITED


@rule
def is_invited(invitation: SiteInvitation | None, site: SiteSettings) -> bool:
    return invitation is not None


may_create_user = is_active & is_site_admin
# A new password for another admin would be a way to act as one.
may_edit_user = (
    is_active & ~is_about_a_deleted & (is_the_person | is_superuser | (is_site_admin & ~is_about_an_admin))
)
may_ban = (
    is_active & ~is_about_a_deleted & ~is_the_person & (is_superuser | (is_site_admin & ~is_about_an_admin))
)
may_block = is_active & ~is_the_person & ~is_about_a_deleted
may_look_at_bans = is_active & is_site_admin
# What somebody logs in with. Not one's own: who found the admin open would not be asked for the password, as
# the preferences do.
may_edit_log_in = may_edit_user & ~is_the_person
# Else the right to edit accounts would be the right to everything.
may_give_rights = is_active & is_superuser
may_set_preferences = is_active & is_the_person
may_edit_site = is_active & is_site_admin
may_invite_to_site = is_active & is_site_admin
# Of who is nobody yet: all that is known of them is the invitation with which they come.
may_sign_up = is_open_to_all | (is_open_to_invited & is_invited)
