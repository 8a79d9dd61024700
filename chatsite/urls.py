"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from accounts.views.blocks import block, unblock
from accounts.views.invitations import revoke, site_invitations
from accounts.views.pictures import avatar
from accounts.views.signing import log_out, sign_up
from channels_app.views import direct, new_direct, person
from chatsite import installable, styleguide, views
from messaging.views.messages import home

urlpatterns = [
    path("", home, name="home"),
    path("manifest.webmanifest", installable.manifest, name="manifest"),
    path("service-worker.js", installable.service_worker, name="service_worker"),
    path("offline/", installable.offline, name="offline"),
    path("accounts/", include("accounts.urls")),
    path("join/<str:token>/", sign_up, name="invited"),
    path("invitations/site/", site_invitations, name="site_invitations"),
    path("invitations/site/<int:invitation_id>/revoke/", revoke, name="revoke_site_invitation"),
    path("avatars/<int:user_id>/<slug:digest>/<int:side>.webp", avatar, name="avatar"),
    path("people/<str:username>/", person, name="person"),
    path("people/<str:username>/block/", block, name="block"),
    path("people/<str:username>/unblock/", unblock, name="unblock"),
    path("channels/", include("channels_app.urls")),
    path("direct/", new_direct, name="new_direct"),
    path("direct/<str:username>/", direct, name="direct"),
    path("", include("messaging.urls")),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("admin/logout/", log_out),  # before Django's own: one way out, wherever the button is
    path("admin/", admin.site.urls),
]

handler400 = views.bad_request
handler500 = views.server_error
