"""Sign-up, log-in, passwords, second factors: django-allauth's views at our addresses. And preferences."""

from allauth.account import views
from django.urls import include, path, re_path

from accounts.views import two_factor
from accounts.views.addresses import confirm, send_again
from accounts.views.exports import export, export_file
from accounts.views.leaving import leave
from accounts.views.oidc import back_from_service, connect, disconnect, to_service
from accounts.views.preferences import picture, preferences, remove_picture
from accounts.views.sessions import end, end_others, sessions
from accounts.views.signing import (
    change_password,
    log_in,
    log_out,
    reset_password,
    reset_password_from_key,
    sign_up,
)

# The names are django-allauth's, which leads from one to another.
two_factor_patterns = [
    path("", two_factor.index, name="mfa_index"),
    path("authenticate/", two_factor.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", two_factor.confirm_by_code, name="mfa_reauthenticate"),
    path("app/set-up/", two_factor.set_up_app, name="mfa_activate_totp"),
    path("app/remove/", two_factor.remove_app, name="mfa_deactivate_totp"),
    path("codes/", two_factor.codes, name="mfa_view_recovery_codes"),
    path("codes/make/", two_factor.make_codes, name="mfa_generate_recovery_codes"),
    path("passkeys/", two_factor.to_index, name="mfa_list_webauthn"),
    path("passkeys/add/", two_factor.add_passkey, name="mfa_add_webauthn"),
    path("passkeys/log-in/", two_factor.log_in_by_passkey, name="mfa_login_webauthn"),
    path("passkeys/reauthenticate/", two_factor.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/rename/", two_factor.rename_passkey, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", two_factor.remove_passkey, name="mfa_remove_webauthn"),
]

urlpatterns = [
    path("signup/", sign_up, name="account_signup"),
    path("login/", log_in, name="account_login"),
    path("logout/", log_out, name="account_logout"),
    path("service/", to_service, name="to_service"),
    path("service/back/", back_from_service, name="back_from_service"),  # README.md names it
    path("service/connect/", connect, name="connect_service"),
    path("service/disconnect/", disconnect, name="disconnect_service"),
    path("password/change/", change_password, name="account_change_password"),
    path("password/reset/", reset_password, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        reset_password_from_key,
        name="account_reset_password_from_key",
    ),
    path("email/send/", send_again, name="send_address_mail"),
    path("email/confirm/<str:key>/", confirm, name="confirm_address"),
    path("reauthenticate/", two_factor.confirm_by_password, name="account_reauthenticate"),
    path("2fa/", include(two_factor_patterns)),
    path("sessions/", sessions, name="sessions"),
    path("sessions/end-others/", end_others, name="end_other_sessions"),
    path("sessions/<int:session_id>/end/", end, name="end_session"),
    path("preferences/", preferences, name="preferences"),
    path("preferences/export/", export, name="export"),
    path("preferences/export/file/", export_file, name="export_file"),
    path("preferences/leave/", leave, name="leave"),
    path("preferences/picture/", picture, name="picture"),  # LARGE_BODIES names it, and nginx does
    path("preferences/picture/remove/", remove_picture, name="remove_picture"),
]
