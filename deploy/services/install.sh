# `services.sh install`: finds what the tests and the stack need and installs what is missing. Sourced by services.sh.
# shellcheck shell=bash

# Prints the Debian packages that are missing for the need $1.
packages_missing_for() {
    case $1 in
        mariadb)
            # The last is what mariadb-install-db stops without.
            { mariadb_program mariadbd && mariadb_program mariadb-install-db && mariadb_program my_print_defaults; } >/dev/null ||
                echo mariadb-server-core mariadb-client-core
            ;;
        rabbitmq) [[ -x $RABBITMQ_PROGRAMS/rabbitmq-server && -n $(type -P epmd) ]] || echo rabbitmq-server ;;
        nginx) [[ -n $(nginx_program) ]] || echo nginx-light ;;
        openssl) type -P openssl >/dev/null || echo openssl ;;
        redis) type -P redis-server >/dev/null || echo redis-server ;;
        # Without fonts Chromium draws boxes.
        chromium) type -P chromium >/dev/null || type -P google-chrome >/dev/null || echo chromium fonts-liberation fonts-noto-color-emoji ;;
        venv) [[ -x $VENV/bin/python ]] || "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv ;;
        mysqlclient)
            if [[ ! -x $VENV/bin/python ]] || ! "$VENV/bin/python" -c 'import MySQLdb' 2>/dev/null; then
                type -P cc >/dev/null || echo gcc libc6-dev
                if ! type -P pkg-config >/dev/null; then
                    echo pkg-config libmariadb-dev
                elif ! pkg-config --exists mysqlclient && ! pkg-config --exists mariadb; then
                    echo libmariadb-dev
                fi
                "$PYTHON" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || echo python3-dev
            fi
            ;;
        *) die "deploy/services.sh install: unknown need '$1' (one of: ${NEEDS[*]} redis)" ;;
    esac
}

# What everything but a benchmark needs.
readonly NEEDS=(mariadb rabbitmq nginx openssl chromium venv mysqlclient)

# Installs what is missing for the needs named, by default for all of them.
install_needs() {
    local need found log as_root=() missing=()
    (($#)) || set -- "${NEEDS[@]}"
    for need in "$@"; do
        found=$(packages_missing_for "$need") || exit 1
        # shellcheck disable=SC2206 # package names hold no spaces
        missing+=($found)
    done
    ((${#missing[@]})) || return 0

    type -P apt-get >/dev/null || die "Missing, and this is not a Debian: please install what Debian calls ${missing[*]}."
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null || die "Missing: please run, as root: apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo -n)
    fi
    say "Installing ${missing[*]} …"
    make_services_dir
    log=$SERVICES_DIR/apt.log
    if ! "${as_root[@]}" bash "$CHECKOUT/deploy/services/apt-install.sh" "${missing[@]}" >"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        die "Could not install ${missing[*]} (the whole story: $log)"
    fi
}

nginx_program() { PATH=$PATH:/usr/sbin:/sbin type -P nginx; }
