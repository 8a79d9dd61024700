# How a private service is started, recognised and stopped: by a pid file that can't be fooled. Sourced by services.sh.
# shellcheck shell=bash

# A pid file holds "<pid> <start time>": a pid that the system has given to another process since is not ours.
start_time_of() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The second field, the program's name, may hold spaces and brackets; the 22nd of all is the 20th after it.
    read -ra stat <<<"${stat##*) }"
    # A dead process that nobody has collected yet is dead.
    [[ ${stat[0]} != Z ]] || return 1
    printf '%s\n' "${stat[19]}"
}

# Prints the pid in pid file $1 when that very process is alive; fails otherwise.
living_pid() {
    local pid started
    { read -r pid started <"$1"; } 2>/dev/null || return 1
    [[ $(start_time_of "$pid") == "$started" ]] || return 1
    printf '%s\n' "$pid"
}

is_alive() { living_pid "$1" >/dev/null; }
is_dead() { ! is_alive "$1"; }

# Starts "${@:3}" in a session of its own, so that Ctrl-C in this terminal does not reach it;
# its output goes to the log $2 and its pid to the file $1.
start_process() {
    local pid_file=$1 log=$2
    shift 2
    # 9 is the lock of this run of services.sh (see there); a service must not go on holding it.
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
    printf '%s %s\n' "$!" "$(start_time_of $!)" >"$pid_file"
}

# Ends the process in pid file $1: SIGTERM, and SIGKILL when it has not ended $2 seconds later.
stop_process() {
    local pid
    if pid=$(living_pid "$1"); then
        kill -TERM "$pid" 2>/dev/null || true
        if ! wait_until "$2" is_dead "$1"; then
            kill -KILL "$pid" 2>/dev/null || true
            wait_until 5 is_dead "$1" || die "Process $pid does not end."
        fi
    fi
    rm -f "$1"
}

# The port kept in file $1; another one, kept there, when there is none yet or something else has taken it.
remembered_port() {
    local port=
    if [[ -s $1 ]]; then read -r port <"$1"; fi
    until [[ -n $port && -z $(why_not_listen 127.0.0.1 "$port") ]]; do
        # Below 32768, where the system finds the local ends of outgoing connections.
        port=$((20000 + RANDOM % 12000))
    done
    printf '%s\n' "$port" >"$1"
    printf '%s\n' "$port"
}

# The secret kept in file $1, made at the first call.
remembered_secret() {
    [[ -s $1 ]] || head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1"
    cat "$1"
}
