"""Addresses of messages, below their channel and by their own name, and of what is done about people."""

from django.urls import path

from messaging import stream
from messaging.views import bans, reports
from messaging.views import messages as views

app_name = "messaging"

urlpatterns = [
    path("live/", stream.no_streams, name="live"),
    path("presence/", views.presence, name="presence"),
    path("channels/sidebar/", views.sidebar, name="sidebar"),
    path("channels/<str:slug>/", views.channel, name="channel"),
    path("channels/<str:slug>/messages/", views.messages, name="messages"),
    path("channels/<str:slug>/changes/", views.changes, name="changes"),
    path("channels/<str:slug>/typing/", views.typing, name="typing"),
    path("messages/<uuid:client_id>/", views.permalink, name="permalink"),
    path("messages/<uuid:client_id>/status/", views.status, name="status"),
    path("messages/<uuid:client_id>/edit/", views.edit, name="edit"),
    path("messages/<uuid:client_id>/delete/", views.delete, name="delete"),
    path("messages/<uuid:client_id>/unread/", views.unread, name="unread"),
    path("messages/<uuid:client_id>/report/", reports.report, name="report"),
    path("people/<str:username>/ban/", bans.ban, name="ban"),
    path("people/<str:username>/ban/lift/", bans.lift, name="lift_ban"),
    path("people/<str:username>/ban/removal/", bans.remove, name="remove"),
    path("people/<str:username>/ban/removal/again/", bans.remove_again, name="remove_again"),
]
