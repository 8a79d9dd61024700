"""Every write to an account, one function per thing a person does."""

from accounts.actions.addresses import address_of, confirm_address, key_for_address
from accounts.actions.bans import ban_user, lift_ban
from accounts.actions.blocks import block_user, unblock_user
from accounts.actions.exports import (
    EXPORT_TASK,
    ExportFile,
    as_line,
    ask_for_export,
    contribute_to_export,
    make_export,
    remove_export,
    remove_old_exports,
)
from accounts.actions.leaving import (
    Way,
    before_leaving,
    leave_site,
    on_messages_unwanted,
    on_user_deleted,
)
from accounts.actions.naming import DISPLAY_NAME_LENGTH, clean_display_name, refuse_taken_username
from accounts.actions.outside import sign_up_from_service
from accounts.actions.pictures import remove_avatar, set_avatar
from accounts.actions.preferences import set_appearance, set_display_name, set_email, set_enter, set_presence
from accounts.actions.sessions import (
    end_other_sessions,
    end_session,
    note_failed_log_in,
    note_log_in,
    note_log_out,
    note_session,
)
from accounts.actions.signing_up import (
    MOST_DAYS,
    MOST_USES,
    USUAL_DAYS,
    USUAL_USES,
    Place,
    invite_to_site,
    let_in,
    on_invited,
    revoke_site_invitation,
    sign_up,
)
from accounts.actions.site import edit_site
from accounts.actions.switching import on_user_switched
from accounts.actions.tries import give_tries_back, take_try
from accounts.actions.two_factor import (
    change_two_factor,
    note_code,
    note_failed_factor,
    take_away_two_factor,
    takes_step,
)
from accounts.actions.users import (
    choose_password,
    create_user,
    deactivate_user,
    edit_user,
    give_rights,
    make_reset_link,
    on_user_created,
    reactivate_user,
    set_password,
)

__all__ = [
    "DISPLAY_NAME_LENGTH",
    "EXPORT_TASK",
    "MOST_DAYS",
    "MOST_USES",
    "USUAL_DAYS",
    "USUAL_USES",
    "ExportFile",
    "Place",
    "Way",
    "address_of",
    "as_line",
    "ask_for_export",
    "ban_user",
    "before_leaving",
    "block_user",
    "change_two_factor",
    "choose_password",
    "clean_display_name",
    "confirm_address",
    "contribute_to_export",
    "create_user",
    "deactivate_user",
    "edit_site",
    "edit_user",
    "end_other_sessions",
    "end_session",
    "give_rights",
    "give_tries_back",
    "invite_to_site",
    "key_for_address",
    "leave_site",
    "let_in",
    "lift_ban",
    "make_export",
    "make_reset_link",
    "note_code",
    "note_failed_factor",
    "note_failed_log_in",
    "note_log_in",
    "note_log_out",
    "note_session",
    "on_invited",
    "on_messages_unwanted",
    "on_user_created",
    "on_user_deleted",
    "on_user_switched",
    "reactivate_user",
    "refuse_taken_username",
    "remove_avatar",
    "remove_export",
    "remove_old_exports",
    "revoke_site_invitation",
    "set_appearance",
    "set_avatar",
    "set_display_name",
    "set_email",
    "set_enter",
    "set_password",
    "set_presence",
    "sign_up",
    "sign_up_from_service",
    "take_away_two_factor",
    "take_try",
    "takes_step",
    "unblock_user",
]
