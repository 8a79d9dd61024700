"""Sign up, log in, log out, passwords: django-allauth's views at our addresses; and the preferences."""

from allauth.account import views
from django.urls import path, re_path

from accounts.views.leaving import leave
from accounts.views.preferences import picture, preferences, remove_picture
from accounts.views.signing import change_password, log_out, reset_password, reset_password_from_key, sign_up

urlpatterns = [
    path("signup/", sign_up, name="account_signup"),
    path("login/", views.login, name="account_login"),
    path("logout/", log_out, name="account_logout"),
    path("password/change/", change_password, name="account_change_password"),
    path("password/reset/", reset_password, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        reset_password_from_key,
        name="account_reset_password_from_key",
    ),
    path("preferences/", preferences, name="preferences"),
    path("preferences/leave/", leave, name="leave"),
    path("preferences/picture/", picture, name="picture"),  # LARGE_BODIES names it, and nginx does
    path("preferences/picture/remove/", remove_picture, name="remove_picture"),
]
