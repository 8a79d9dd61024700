"""Addresses below /channels/ that are about channels; their messages are in messaging.urls."""

from django.urls import path

from channels_app import views

app_name = "channels"

urlpatterns = [
    path("", views.browse, name="browse"),
    path("search/", views.search, name="search"),
    path("create/", views.create, name="create"),
    path("invitations/<int:invitation_id>/accept/", views.accept_invitation, name="accept"),
    path("invitations/<int:invitation_id>/decline/", views.decline_invitation, name="decline"),
    path("invitations/<int:invitation_id>/withdraw/", views.withdraw_invitation, name="withdraw"),
    path("<str:slug>/members/", views.members, name="members"),
    path("<str:slug>/members/<str:username>/", views.member, name="member"),
    path("<str:slug>/members/<str:username>/role/", views.role, name="role"),
    path("<str:slug>/members/<str:username>/remove/", views.remove, name="remove"),
    path("<str:slug>/invitations/", views.invitations, name="invitations"),
    path("<str:slug>/settings/", views.settings, name="settings"),
    path("<str:slug>/archive/", views.archive, name="archive"),
    path("<str:slug>/restore/", views.restore, name="restore"),
    path("<str:slug>/join/", views.join, name="join"),
    path("<str:slug>/unsubscribe/", views.unsubscribe, name="unsubscribe"),
    path("<str:slug>/clear/", views.clear, name="clear"),
    path("<str:slug>/read/", views.read, name="read"),
    path("<str:slug>/mute/", views.mute, name="mute"),
    path("<str:slug>/notify/", views.notify, name="notify"),
]
