"""Addresses of messages: below their channel, and below /messages/ by their own name."""

from django.urls import path

from messaging import stream, views

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
]
