"""What the site's admins decide for everybody."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.audit import Facts, record
from accounts.models import Act, SiteSettings
from accounts.permissions import may_edit_site
from chatsite.errors import Invalid
from chatsite.rights import require


def edit_site(actor: Actor, *, sign_up: str, channel_creators: str) -> SiteSettings:
    """Decide how one gets an account and who makes channels; returns the settings as they are now.

    Arguments:
        sign_up: a `SiteSettings.SignUp`.
        channel_creators: a `SiteSettings.Creators`.

    Raises:
        Invalid: there is no such choice.
        NotAllowed: the actor is no site admin.
    """
    require(may_edit_site, actor)
    if sign_up not in SiteSettings.SignUp.values:
        raise Invalid(_("There is no such way to sign up."), code="sign_up_unknown", field="sign_up")
    if channel_creators not in SiteSettings.Creators.values:
        raise Invalid(_("There is no such choice."), code="creators_unknown", field="channel_creators")
    with transaction.atomic():
        site, _is_new = SiteSettings.objects.select_for_update().get_or_create(pk=SiteSettings.THE_ROW)
        before = _facts(site)
        site.sign_up, site.channel_creators = sign_up, channel_creators
        site.save(update_fields=["sign_up", "channel_creators"])
        record(actor, Act.SITE_EDITED, before=before, after=_facts(site))
    return site


def _facts(site: SiteSettings) -> Facts:
    return {"sign_up": str(site.sign_up), "channel_creators": str(site.channel_creators)}
