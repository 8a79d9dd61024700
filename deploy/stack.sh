#!/usr/bin/env bash
# `make stack`: the site as a server runs it (nginx, web, live, worker, MariaDB, RabbitMQ), all of it private.
set -euo pipefail

# shellcheck source=deploy/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=deploy/venv.sh
source "$CHECKOUT/deploy/venv.sh"
cd "$CHECKOUT"

HOST=${HOST:-127.0.0.1}
PORT=${PORT:-8000}
export SERVICES_DIR=${SERVICES_DIR:-$VAR_DIR/services}
SERVICES=$CHECKOUT/deploy/services.sh
STACK_DIR=$SERVICES_DIR/stack
STARTED=()
HONCHO=

# A port that was free a moment ago, for a server that starts now.
free_port() {
    "$VENV/bin/python" -c 'import socket
with socket.create_server(("127.0.0.1", 0)) as probe:
    print(probe.getsockname()[1])'
}

render_nginx() {
    local text user='' listen=$HOST:$PORT
    # As root, nginx would give its worker to another user, who can't look into this checkout.
    if ((EUID == 0)); then user='user root;'; fi
    [[ $HOST != *:* ]] || listen="[$HOST]:$PORT"
    text=$(<deploy/nginx/stack.conf.template)
    text=${text//@USER@/"$user"}
    text=${text//@LISTEN@/"$listen"}
    text=${text//@WEB_PORT@/"$WEB_PORT"}
    text=${text//@LIVE_PORT@/"$LIVE_PORT"}
    text=${text//@FOLDER@/"$STACK_DIR"}
    text=${text//@LOCATIONS@/"$CHECKOUT/deploy/nginx/locations.conf"}
    printf '%s\n' "$text" >"$STACK_DIR/nginx.conf"
}

stop_everything() {
    trap '' INT TERM HUP
    if [[ -n $HONCHO ]]; then
        kill -TERM "$HONCHO" 2>/dev/null || true
        wait "$HONCHO" 2>/dev/null || true
    fi
    ((${#STARTED[@]} == 0)) || "$SERVICES" down "${STARTED[@]}"
}

require_var
"$SERVICES" install mariadb rabbitmq nginx venv mysqlclient
ensure_venv dev
PYTHON=$VENV/bin/python require_address "$HOST" "$PORT" stack
make_secret_key
allow_host "$HOST"

trap stop_everything EXIT
trap 'exit 0' INT TERM HUP
for name in mariadb rabbitmq; do
    "$SERVICES" pid "$name" >/dev/null 2>&1 || STARTED+=("$name")
done
"$SERVICES" up
eval "$("$SERVICES" env)"
export TRUSTED_PROXY_COUNT=1 CONN_MAX_AGE=60 WEB_PROCESSES=${WEB_PROCESSES:-2}

"$VENV/bin/python" deploy/prepare.py

mkdir -p "$STACK_DIR"
WEB_PORT=$(free_port)
LIVE_PORT=$(free_port)
NGINX_PROGRAM=$(PATH=$PATH:/usr/sbin:/sbin type -P nginx)
export VENV STACK_DIR WEB_PORT LIVE_PORT NGINX_PROGRAM
render_nginx

CHAT_WELCOME="
The chat is at $(address_shown "$HOST" "$PORT") (Ctrl-C stops everything; all data is kept in $VAR_DIR).
"
export CHAT_WELCOME
# A closed terminal must not end honcho alone: its processes have sessions of their own and would live on.
(trap '' HUP && exec "$VENV/bin/python" -m honcho -f deploy/Procfile -e /dev/null start) &
HONCHO=$!
wait "$HONCHO"
