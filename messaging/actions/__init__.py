"""Every write of messaging, one function per thing a person does."""

from messaging.actions.messages import delete_message, edit_message

__all__ = ["delete_message", "edit_message"]
