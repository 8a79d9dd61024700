# The private RabbitMQ: its own node name, cookie, epmd and ports, everything in $SERVICES_DIR/rabbitmq. Sourced by services.sh.
# With $RABBITMQ_BESIDE, the folder of another node that runs, it is a further node that can join that one's cluster:
# it has that node's epmd, cookie and password, and the name $RABBITMQ_NODE.
# shellcheck shell=bash

RABBITMQ_DIR=$SERVICES_DIR/rabbitmq
RABBITMQ_NODE=${RABBITMQ_NODE:-chat}
# Not the commands on the PATH: Debian's wrappers turn root into the user rabbitmq, who can't write here.
RABBITMQ_PROGRAMS=/usr/lib/rabbitmq/bin

rabbitmq_pid_file() { printf '%s\n' "$RABBITMQ_DIR/pid"; }

rabbitmq_env() {
    printf 'export BROKER_URL=amqp://chat:%s@127.0.0.1:%s//\n' "$(<"$RABBITMQ_DIR/password")" "$(<"$RABBITMQ_DIR/port")"
}

rabbitmq_says_ready() { grep -q 'Server startup complete' "$RABBITMQ_DIR/log/node.log" 2>/dev/null; }
rabbitmq_is_ready_or_dead() { rabbitmq_says_ready || is_dead "$RABBITMQ_DIR/pid"; }

# Prints the environment of the private node, a variable a line; nothing of a system-wide one is left in it.
rabbitmq_environment() {
    cat <<TEXT
HOME=$RABBITMQ_DIR/home
ERL_EPMD_ADDRESS=127.0.0.1
ERL_EPMD_PORT=$(<"$RABBITMQ_DIR/epmd_port")
RABBITMQ_NODENAME=$RABBITMQ_NODE@localhost
RABBITMQ_DIST_PORT=$(<"$RABBITMQ_DIR/dist_port")
RABBITMQ_CONF_ENV_FILE=$RABBITMQ_DIR/none
RABBITMQ_CONFIG_FILE=$RABBITMQ_DIR/none
RABBITMQ_ADVANCED_CONFIG_FILE=$RABBITMQ_DIR/advanced.config
RABBITMQ_ENABLED_PLUGINS_FILE=$RABBITMQ_DIR/plugins
RABBITMQ_GENERATED_CONFIG_DIR=$RABBITMQ_DIR/generated
RABBITMQ_SCHEMA_DIR=$RABBITMQ_DIR/generated
RABBITMQ_MNESIA_BASE=$RABBITMQ_DIR/data
RABBITMQ_LOG_BASE=$RABBITMQ_DIR/log
RABBITMQ_LOGS=$RABBITMQ_DIR/log/node.log
RABBITMQ_PID_FILE=$RABBITMQ_DIR/rabbitmq.pid
TEXT
}

write_rabbitmq_settings() {
    cat >"$RABBITMQ_DIR/advanced.config" <<ERLANG
[{rabbit, [{tcp_listeners, [{"127.0.0.1", $2}]},
           {default_user, <<"chat">>}, {default_pass, <<"$1">>}]},
 {ra, [{wal_max_size_bytes, 67108864}]}].
ERLANG
    printf '[].\n' >"$RABBITMQ_DIR/plugins"
}

rabbitmq_start() {
    local password port environment
    if [[ ! -x $RABBITMQ_PROGRAMS/rabbitmq-server ]] || ! type -P epmd >/dev/null; then
        die "RabbitMQ is not installed. Run deploy/services.sh install, or as root: apt-get install rabbitmq-server"
    fi
    mkdir -p "$RABBITMQ_DIR/home" "$RABBITMQ_DIR/log"
    if [[ -n ${RABBITMQ_BESIDE:-} ]]; then
        cp -p "$RABBITMQ_BESIDE"/{password,epmd_port} "$RABBITMQ_DIR"
        cp -p "$RABBITMQ_BESIDE/home/.erlang.cookie" "$RABBITMQ_DIR/home"
    fi
    password=$(remembered_secret "$RABBITMQ_DIR/password")
    remembered_secret "$RABBITMQ_DIR/home/.erlang.cookie" >/dev/null
    chmod 600 "$RABBITMQ_DIR/home/.erlang.cookie"
    remembered_port "$RABBITMQ_DIR/dist_port" >/dev/null
    port=$(remembered_port "$RABBITMQ_DIR/port")
    write_rabbitmq_settings "$password" "$port"

    # A node that finds no epmd starts one that nobody would stop. One that outlived its node (`kill`) goes on:
    # other nodes may be known to it.
    if [[ -z ${RABBITMQ_BESIDE:-} ]] && is_dead "$RABBITMQ_DIR/epmd_pid"; then
        remembered_port "$RABBITMQ_DIR/epmd_port" >/dev/null
        start_process "$RABBITMQ_DIR/epmd_pid" "$RABBITMQ_DIR/log/epmd.log" \
            epmd -address 127.0.0.1 -port "$(<"$RABBITMQ_DIR/epmd_port")"
    fi
    : >"$RABBITMQ_DIR/log/node.log"
    mapfile -t environment < <(rabbitmq_environment)
    # RUNNING_UNDER_SYSTEMD makes the script become the node instead of watching over it, so that the pid is the node's.
    # Two schedulers, bound to no core: the node shares the machine with tests and other checkouts' nodes.
    start_process "$RABBITMQ_DIR/pid" "$RABBITMQ_DIR/log/output.log" env "${environment[@]}" \
        RUNNING_UNDER_SYSTEMD=true RABBITMQ_SCHEDULER_BIND_TYPE=u \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 2:2 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}' \
        "$RABBITMQ_PROGRAMS/rabbitmq-server"
    if ! wait_until 90 rabbitmq_is_ready_or_dead || ! rabbitmq_says_ready; then
        die "RabbitMQ did not start; see $RABBITMQ_DIR/log"
    fi
}

rabbitmq_stop() {
    stop_process "$RABBITMQ_DIR/pid" 60
    stop_process "$RABBITMQ_DIR/epmd_pid" 5
}

rabbitmq_control() {
    is_alive "$RABBITMQ_DIR/pid" || die "RabbitMQ is not running."
    local environment
    mapfile -t environment < <(rabbitmq_environment)
    env "${environment[@]}" "$RABBITMQ_PROGRAMS/rabbitmqctl" "$@"
}
