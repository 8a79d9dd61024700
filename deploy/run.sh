#!/usr/bin/env bash
# `make run`: from a bare checkout to a site that answers, on SQLite and without a broker, in one process.
set -euo pipefail

# shellcheck source=deploy/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=deploy/venv.sh
source "$CHECKOUT/deploy/venv.sh"

HOST=${HOST:-127.0.0.1}
PORT=${PORT:-8000}

# Ctrl-C while something is being installed or prepared is no failure.
trap 'exit 0' INT

require_var
ensure_venv base
PYTHON=$VENV/bin/python require_address "$HOST" "$PORT"
make_secret_key
allow_host "$HOST"

cd "$CHECKOUT"
"$VENV/bin/python" deploy/prepare.py

bind=$HOST:$PORT
[[ $HOST != *:* ]] || bind="[$HOST]:$PORT"
CHAT_WELCOME="
The chat is at $(address_shown "$HOST" "$PORT") (Ctrl-C stops it; all data is kept in $VAR_DIR).
The first admin is made in another terminal, with: make admin
" exec "$VENV/bin/python" -m gunicorn -c deploy/gunicorn.conf.py -k asgi -w 1 -b "$bind" chatsite.asgi:application
