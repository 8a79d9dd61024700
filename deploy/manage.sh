#!/usr/bin/env bash
# On a server, as root: runs a manage.py command as the services run, as their user and with /etc/chat/env.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ENV_FILE=${ENV_FILE:-/etc/chat/env}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# What systemd makes of a value in an EnvironmentFile: quotes around it go, a backslash takes the next character as it is.
unquote() {
    local value=$1 plain='' escapable='?'
    case $value in
        \'*\') plain=${value:1:-1} value='' ;;
        \"*\") value=${value:1:-1} escapable='["\\$`]' ;;
    esac
    while [[ -n $value ]]; do
        # shellcheck disable=SC2254 # a pattern it is
        case $value in \\$escapable*) value=${value:1} ;; esac
        plain+=${value:0:1}
        value=${value:1}
    done
    printf '%s' "$plain"
}

# Exports what the file $1 says, without having the shell evaluate any of it.
read_settings() {
    local line number=0
    while IFS=$' \t\r' read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        [[ $line == [^#\;]* ]] || continue
        [[ $line =~ ^([A-Za-z_][A-Za-z0-9_]*)=[[:blank:]]*(.*)$ ]] || die "$1, line $number: not NAME=value."
        export "${BASH_REMATCH[1]}=$(unquote "${BASH_REMATCH[2]}")"
    done <"$1"
}

[[ -r $ENV_FILE ]] || die "$ENV_FILE can't be read: run this as root, on a server set up as deploy/README.md says."
read_settings "$ENV_FILE"
exec runuser -u chat -- .venv/bin/python manage.py "$@"
