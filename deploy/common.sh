# Shared by the scripts here: where the checkout is, how they speak, and what every start checks. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # these are for who sources it

CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$CHECKOUT/.venv
VAR_DIR=${VAR_DIR:-$CHECKOUT/var}
[[ $VAR_DIR == /* ]] || VAR_DIR=$CHECKOUT/$VAR_DIR
export VAR_DIR

say() { printf '%s\n' "$*"; }

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Runs "${@:2}" every 0.05 s until it succeeds; fails after $1 seconds.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# Prints why a server can't listen on address $1, port $2; nothing when it can.
why_not_listen() {
    "${PYTHON:-python3}" - "$1" "$2" <<'PY'
import errno, socket, sys

host, port = sys.argv[1], int(sys.argv[2])
shown = f"[{host}]" if ":" in host else host
try:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        # Without it a port that was closed a moment ago (TIME_WAIT) would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()
except socket.gaierror:
    print(f"HOST={host}: there is no such address.")
except OSError as error:
    words = {
        errno.EADDRINUSE: f"Port {port} on {shown} is in use. Stop what uses it, or choose another: make run PORT={port + 1}",
        errno.EACCES: f"Port {port} is for root only. Choose one from 1024 up: make run PORT=8000",
        errno.EADDRNOTAVAIL: f"HOST={host}: this machine does not have that address.",
    }
    print(words.get(error.errno, f"Can't listen on {shown}, port {port}: {error.strerror}."))
PY
}

# Ends the script with one line when the address that is asked for can't be had.
require_address() {
    local reason
    if ! [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || (($2 > 65535)); then
        die "PORT must be a number from 1 to 65535, not '$2'."
    fi
    reason=$(why_not_listen "$1" "$2")
    [[ -z $reason ]] || die "${reason/make run/make ${3:-run}}"
}

# Ends the script with one line when $VAR_DIR can't be made or written.
require_var() {
    if [[ -e $VAR_DIR && ! -d $VAR_DIR ]]; then
        die "$VAR_DIR must be a folder: the site keeps its data there."
    fi
    # Made for its owner alone: what people wrote is in it.
    if ! (umask 077 && mkdir -p "$VAR_DIR") 2>/dev/null || ! rm -f "$(mktemp "$VAR_DIR/.writable.XXXXXX" 2>/dev/null)"; then
        die "$VAR_DIR can't be written by $(id -un): the site keeps its data there."
    fi
}

# Makes the key that signs cookies, once; a new one would log everybody out.
make_secret_key() {
    local file=$VAR_DIR/secret_key
    [[ ! -s $file ]] || return 0
    (umask 077 && head -c 48 /dev/urandom | base64 -w 0 >"$file")
}

# `http://…/` for host $1 and port $2, as one types it into a browser on this machine.
address_shown() {
    local host=$1
    case $host in
        0.0.0.0 | ::) host=$(hostname) ;;
        *:*) host="[$host]" ;;
    esac
    printf 'http://%s:%s/\n' "$host" "$2"
}

# Lets the site answer under the host $1 it is started for; what an operator set stays.
allow_host() {
    local hosts='localhost,127.0.0.1,[::1]' name
    [[ -z ${ALLOWED_HOSTS:-} ]] || return 0
    if grep -qs '^ *ALLOWED_HOSTS *=' "$CHECKOUT/.env"; then return 0; fi
    case $1 in
        0.0.0.0 | ::)
            for name in $(hostname) $(hostname -f 2>/dev/null) $(hostname -I 2>/dev/null); do
                [[ $name != *:* ]] || name="[$name]"
                hosts+=,$name
            done
            ;;
        *:*) hosts+=",[$1]" ;;
        *) hosts+=,$1 ;;
    esac
    export ALLOWED_HOSTS=$hosts
}
