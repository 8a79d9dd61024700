"""Sign up, log in, log out: django-allauth's views at our addresses; and a person's preferences."""

from allauth.account import views
from django.urls import path

from accounts.views import picture, preferences, remove_picture, sign_up
from chatsite.responses import leaves_nothing_behind

urlpatterns = [
    path("signup/", sign_up, name="account_signup"),
    path("login/", views.login, name="account_login"),
    path("logout/", leaves_nothing_behind(views.logout), name="account_logout"),
    path("preferences/", preferences, name="preferences"),
    path("preferences/picture/", picture, name="picture"),  # LARGE_BODIES names it, and nginx does
    path("preferences/picture/remove/", remove_picture, name="remove_picture"),
]
