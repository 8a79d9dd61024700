# The private MariaDB: one server over TCP, its data and log in $SERVICES_DIR/mariadb. Sourced by services.sh.
# shellcheck shell=bash

MARIADB_DIR=$SERVICES_DIR/mariadb

# Debian keeps the server in /usr/sbin, which is not on everybody's PATH.
mariadb_program() { PATH=$PATH:/usr/sbin:/sbin type -P "$1"; }

mariadb_pid_file() { printf '%s\n' "$MARIADB_DIR/pid"; }

mariadb_env() {
    printf 'export DATABASE_URL=mysql://chat:%s@127.0.0.1:%s/chat\n' "$(<"$MARIADB_DIR/password")" "$(<"$MARIADB_DIR/port")"
}

mariadb_says_ready() { grep -q 'ready for connections' "$MARIADB_DIR/log"; }
mariadb_is_ready_or_dead() { mariadb_says_ready || is_dead "$MARIADB_DIR/pid"; }

# Only this server's own account is left, and it may create databases: each test run makes its own.
write_mariadb_first_statements() {
    cat >"$MARIADB_DIR/init.sql" <<SQL
CREATE DATABASE IF NOT EXISTS chat;
CREATE USER IF NOT EXISTS chat@'127.0.0.1' IDENTIFIED BY '$1';
GRANT ALL PRIVILEGES ON *.* TO chat@'127.0.0.1';
DROP USER IF EXISTS root@localhost, '$(id -un)'@localhost;
SQL
}

mariadb_start() {
    local server installer password port
    if ! server=$(mariadb_program mariadbd) || ! installer=$(mariadb_program mariadb-install-db); then
        die "MariaDB is not installed. Run deploy/services.sh install, or as root: apt-get install mariadb-server-core mariadb-client-core"
    fi
    mkdir -p "$MARIADB_DIR/tmp"
    if [[ ! -e $MARIADB_DIR/made ]]; then
        rm -rf "$MARIADB_DIR/data"
        # From inside the folder: the installer does not understand a path with a space in it.
        (cd "$MARIADB_DIR" && "$installer" --no-defaults --user="$(id -un)" --datadir=./data --skip-test-db) \
            >"$MARIADB_DIR/install.log" 2>&1 9>&- || die "Could not make MariaDB's data folder; see $MARIADB_DIR/install.log"
        touch "$MARIADB_DIR/made"
    fi
    password=$(remembered_secret "$MARIADB_DIR/password")
    port=$(remembered_port "$MARIADB_DIR/port")
    write_mariadb_first_statements "$password"
    : >"$MARIADB_DIR/log"
    # No Unix socket (a deep checkout's path would be too long for one), and nothing of the machine's own settings.
    # A server that starts removes all temporary tables in its folder for them, also those of others that run.
    start_process "$MARIADB_DIR/pid" "$MARIADB_DIR/log" "$server" --no-defaults --user="$(id -un)" \
        --datadir="$MARIADB_DIR/data" --tmpdir="$MARIADB_DIR/tmp" \
        --bind-address=127.0.0.1 --port="$port" --socket= --skip-name-resolve \
        --pid-file="$MARIADB_DIR/mariadbd.pid" --init-file="$MARIADB_DIR/init.sql" \
        --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci --transaction-isolation=READ-COMMITTED \
        --innodb-buffer-pool-size="${MARIADB_BUFFER_POOL:-256M}" --innodb-log-file-size="${MARIADB_LOG_FILE:-96M}" \
        --max-connections=300
    if ! wait_until 60 mariadb_is_ready_or_dead || ! mariadb_says_ready; then
        grep -m 3 ERROR "$MARIADB_DIR/log" >&2 || true
        die "MariaDB did not start; see $MARIADB_DIR/log"
    fi
}

mariadb_stop() { stop_process "$MARIADB_DIR/pid" 60; }
