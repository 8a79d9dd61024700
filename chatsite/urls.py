"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from chatsite import views
from messaging.views import home

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("accounts.urls")),
    path("channels/", include("channels_app.urls")),
    path("", include("messaging.urls")),
    path("admin/", admin.site.urls),
]

handler400 = views.bad_request
handler500 = views.server_error
