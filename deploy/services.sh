#!/usr/bin/env bash
# Private MariaDB and RabbitMQ servers for tests and `make stack`, apart from any that the machine runs itself.
#
# Everything they keep is under $SERVICES_DIR (var/services): remove that folder, after `down`, to begin anew.
set -euo pipefail
umask 077

# shellcheck source=deploy/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
PYTHON=${PYTHON:-python3}
SERVICES_DIR=${SERVICES_DIR:-$VAR_DIR/services}
[[ $SERVICES_DIR == /* ]] || SERVICES_DIR=$CHECKOUT/$SERVICES_DIR

for part in processes mariadb rabbitmq install; do
    # shellcheck source=/dev/null
    source "$CHECKOUT/deploy/services/$part.sh"
done

usage() {
    cat <<'TEXT'
Usage: deploy/services.sh COMMAND
  install [NEED...]        install what is missing (mariadb rabbitmq nginx chromium venv mysqlclient; default: all; redis)
  up [NAME...]             start the services that are not running (NAME: mariadb or rabbitmq; default: both)
  down [NAME...]           stop them; their data stays
  start NAME, stop NAME    the same for one
  kill NAME                SIGKILL, as when the power fails
  pid NAME                 print the process id; fails when it is not running
  status                   say what runs where; fails unless both run
  env                      print DATABASE_URL and BROKER_URL as shell exports
  rabbitmqctl ARGS...      run rabbitmqctl on the private RabbitMQ
TEXT
}

refuse() {
    printf 'deploy/services.sh: %s\n' "$1" >&2
    usage >&2
    exit 2
}

readonly SERVICES=(mariadb rabbitmq)

title_of() { case $1 in mariadb) echo MariaDB ;; rabbitmq) echo RabbitMQ ;; esac }

require_names() {
    local name
    for name in "$@"; do
        [[ $name == mariadb || $name == rabbitmq ]] || refuse "unknown service '$name'"
    done
}

require_one_name() {
    (($# == 1)) || refuse "one service's name is needed"
    require_names "$1"
}

make_services_dir() { mkdir -p "$SERVICES_DIR" 2>/dev/null || die "$SERVICES_DIR can't be created or written."; }

# One `up`, `down` … at a time in a checkout: two at once would start a service twice.
take_lock() {
    make_services_dir
    exec 9>"$SERVICES_DIR/lock"
    flock 9
}

address_of() { printf '127.0.0.1:%s\n' "$(<"$SERVICES_DIR/$1/port")"; }

start_service() {
    local title
    title=$(title_of "$1")
    if is_alive "$("$1_pid_file")"; then
        say "$title is already running on $(address_of "$1")."
    else
        "$1_start"
        say "$title runs on $(address_of "$1")."
    fi
}

stop_service() {
    local title
    title=$(title_of "$1")
    if is_alive "$("$1_pid_file")"; then
        "$1_stop"
        say "$title is stopped."
    else
        # It may have died and left something beside it (RabbitMQ's epmd).
        "$1_stop"
        say "$title is not running."
    fi
}

# Runs $1 for each service named, all at the same time: together they take as long as the slowest.
for_each() {
    local action=$1 name failed=0 jobs=()
    shift
    for name in "$@"; do
        "$action" "$name" &
        jobs+=($!)
    done
    for name in "${jobs[@]}"; do
        wait "$name" || failed=1
    done
    return $failed
}

main() {
    local command=${1:-} name pid failed=0
    (($#)) && shift
    case $command in
        install)
            install_needs "$@"
            ;;
        up)
            (($#)) || set -- "${SERVICES[@]}"
            require_names "$@"
            take_lock
            for_each start_service "$@"
            ;;
        down)
            (($#)) || set -- "${SERVICES[@]}"
            require_names "$@"
            take_lock
            for_each stop_service "$@"
            ;;
        start)
            require_one_name "$@"
            take_lock
            start_service "$1"
            ;;
        stop)
            require_one_name "$@"
            take_lock
            stop_service "$1"
            ;;
        kill)
            require_one_name "$@"
            take_lock
            name=$(title_of "$1")
            pid=$(living_pid "$("$1_pid_file")") || die "$name is not running."
            kill -KILL "$pid"
            wait_until 5 is_dead "$("$1_pid_file")" || die "Process $pid does not end."
            say "$name is killed."
            ;;
        pid)
            require_one_name "$@"
            living_pid "$("$1_pid_file")" || die "$(title_of "$1") is not running."
            ;;
        status)
            (($# == 0)) || refuse "status takes no argument"
            for name in "${SERVICES[@]}"; do
                if pid=$(living_pid "$("${name}_pid_file")"); then
                    say "$(title_of "$name") runs on $(address_of "$name"), process $pid."
                else
                    say "$(title_of "$name") is not running."
                    failed=1
                fi
            done
            return $failed
            ;;
        env)
            (($# == 0)) || refuse "env takes no argument"
            [[ -e $SERVICES_DIR/mariadb/password && -e $SERVICES_DIR/rabbitmq/password ]] ||
                die "The services have not been started yet: deploy/services.sh up"
            mariadb_env
            rabbitmq_env
            ;;
        rabbitmqctl)
            rabbitmq_control "$@"
            ;;
        help | -h | --help)
            usage
            ;;
        *)
            [[ -n $command ]] || refuse "a command is needed"
            refuse "unknown command '$command'"
            ;;
    esac
}

main "$@"
