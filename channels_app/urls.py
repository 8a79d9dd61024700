"""Addresses below /channels/ that are about channels; their messages are in messaging.urls."""

from django.urls import path

from channels_app import views

app_name = "channels"

urlpatterns = [
    path("", views.browse, name="browse"),
    path("search/", views.search, name="search"),
    path("create/", views.create, name="create"),
    path("<str:slug>/members/", views.members, name="members"),
    path("<str:slug>/join/", views.join, name="join"),
    path("<str:slug>/unsubscribe/", views.unsubscribe, name="unsubscribe"),
    path("<str:slug>/clear/", views.clear, name="clear"),
    path("<str:slug>/read/", views.read, name="read"),
    path("<str:slug>/mute/", views.mute, name="mute"),
    path("<str:slug>/notify/", views.notify, name="notify"),
]
