#!/usr/bin/env bash
# `make test` and its smaller relatives: each check is a step; the first that fails ends the run and is named.
#
# Usage: deploy/test.sh all|quick|long|faults|check|audit|format|messages|icons|pictures|lighthouse|bench
set -euo pipefail

# shellcheck source=deploy/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=deploy/venv.sh
source "$CHECKOUT/deploy/venv.sh"
cd "$CHECKOUT"

# The tests have a VAR_DIR of their own, and some of them stop and start the services.
export SERVICES_DIR=${SERVICES_DIR:-$VAR_DIR/services}
SERVICES=$CHECKOUT/deploy/services.sh
PY=$VENV/bin/python
LIGHTHOUSE_VERSION=12.8.2 # the newest that Debian's Node runs

# Runs the tests with the arguments "$@", on both cores of a small machine.
run_pytest() { "$PY" -m pytest -q -n "${TEST_PROCESSES:-2}" "$@"; }

step() {
    local title=$1 began=$SECONDS
    shift
    say "── $title"
    if ! "$@" </dev/null; then
        printf '\nFAILED: %s\n' "$title" >&2
        exit 1
    fi
    say "   $((SECONDS - began)) s"
}

# Django's commands need a secret key and a database, and these must not be the developer's.
in_django() {
    SECRET_KEY=only-for-checks-0123456789abcdefghijklmnopqrstuvwxyz-ABC DATABASE_URL=sqlite:///:memory: BROKER_URL='' "$@"
}

check_templates() { find templates -name '*.html' -print0 | xargs -0r "$VENV/bin/djade" --check --target-version 5.2; }

check_imports() { "$VENV/bin/lint-imports" --cache-dir "$VAR_DIR/.import-linter"; }

check_deployment() {
    in_django env HTTPS=true HSTS_SECONDS=31536000 ALLOWED_HOSTS=chat.example.org "$PY" manage.py check --deploy --fail-level WARNING
}

check_migrations() { in_django "$PY" manage.py makemigrations --check --dry-run; }

static_checks() {
    step "ruff check" "$PY" -m ruff check .
    step "ruff format" "$PY" -m ruff format --check .
    step "mypy" in_django "$PY" -m mypy .
    step "import-linter" check_imports
    step "templates (djade)" check_templates
    step "languages" "$PY" -m tests.languages check
    step "bandit" "$PY" -m bandit -q -ll -r accounts channels_app chatsite messaging deploy
    step "migrations are up to date" check_migrations
    step "manage.py check --deploy" check_deployment
}

# Starts the private services for the tests, and stops those at the end that were not running before.
start_services() {
    local name
    STARTED=()
    for name in mariadb rabbitmq; do
        "$SERVICES" pid "$name" >/dev/null 2>&1 || STARTED+=("$name")
    done
    ((${#STARTED[@]})) || return 0
    trap stop_services EXIT
    trap 'exit 130' INT TERM
    "$SERVICES" up "${STARTED[@]}"
}

stop_services() { "$SERVICES" down "${STARTED[@]}"; }

# Runs "$@" with DATABASE_URL and BROKER_URL set to the private services.
on_services() {
    (
        eval "$("$SERVICES" env)"
        "$@"
    )
}

prepare() {
    require_var
    # One after the other: what is missing is installed before .venv builds the database driver with it.
    "$SERVICES" install "$@"
    ensure_venv dev
}

# Installs what the baseline of the benchmarks needs, apart from .venv: what is there, gunicorn and others use.
install_baseline() {
    local wanted log=$VAR_DIR/pip.log
    export BENCH_PACKAGES=$VAR_DIR/bench-packages
    "$SERVICES" install redis
    wanted=$(sha256sum <"$CHECKOUT/requirements/bench.txt")
    if [[ -e $BENCH_PACKAGES/installed && $(<"$BENCH_PACKAGES/installed") == "$wanted" ]]; then return 0; fi
    rm -rf "$BENCH_PACKAGES"
    "$PY" -m pip install --no-input --disable-pip-version-check --root-user-action ignore --no-deps \
        --target "$BENCH_PACKAGES" -r "$CHECKOUT/requirements/bench.txt" >"$log" 2>&1 </dev/null ||
        die "Could not install requirements/bench.txt (the whole story: $log)"
    printf '%s\n' "$wanted" >"$BENCH_PACKAGES/installed"
}

# Installs Lighthouse, apart from everything else: no other part of the product needs Node.
install_lighthouse() {
    local folder=$VAR_DIR/lighthouse log=$VAR_DIR/npm.log
    type -P node >/dev/null && type -P npm >/dev/null || die "Lighthouse needs Node and npm (Debian: apt-get install npm)."
    export LIGHTHOUSE=$folder/node_modules/.bin/lighthouse
    [[ $("$LIGHTHOUSE" --version 2>/dev/null) != "$LIGHTHOUSE_VERSION" ]] || return 0
    npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts "lighthouse@$LIGHTHOUSE_VERSION" >"$log" 2>&1 </dev/null ||
        die "Could not install Lighthouse $LIGHTHOUSE_VERSION (the whole story: $log)"
}

# Installs pip-audit, apart from .venv: the product and its tests need none of it.
install_audit() {
    local folder=$VAR_DIR/audit log=$VAR_DIR/pip.log
    AUDIT=$folder/bin/python
    if [[ -e $folder/installed ]] && cmp -s requirements/audit.txt "$folder/installed"; then return 0; fi
    rm -rf "$folder"
    "$PY" -m venv "$folder"
    "$AUDIT" -m pip install --no-input --disable-pip-version-check --root-user-action ignore \
        --no-deps -r requirements/audit.txt >"$log" 2>&1 </dev/null ||
        die "Could not install requirements/audit.txt (the whole story: $log)"
    cp requirements/audit.txt "$folder/installed"
}

# Looks up what a server runs among the vulnerabilities that are known; what could not be looked up is no success.
audit() {
    local file log=$VAR_DIR/audit.log
    for file in requirements/base.txt requirements/production.txt; do
        grep -v '^-r ' "$file"
    done >"$VAR_DIR/audited.txt"
    if "$AUDIT" -m pip_audit --strict --no-deps --disable-pip --progress-spinner off --timeout 15 \
        -r "$VAR_DIR/audited.txt" >"$log" 2>&1 </dev/null; then
        say "No known vulnerability in what a server runs."
    elif grep -q '^Found ' "$log"; then
        cat "$log" >&2
        die "A server would run what is known to be vulnerable: raise its version in requirements/."
    else
        die "NOT AUDITED: the service that knows of vulnerabilities can't be reached, or does not know these packages (the whole story: $log)."
    fi
}

# Breaks what it runs on, so it has services of its own, and nothing else runs beside it.
run_faults() { on_services "$PY" -m pytest -q "$@" tests/faults; }

not_elsewhere=(--ignore tests/browser --ignore tests/deploy --ignore tests/faults)

case ${1:-} in
    all)
        prepare
        static_checks
        step "start MariaDB and RabbitMQ" start_services
        step "tests on SQLite" run_pytest -m "not long" --ignore tests/browser --ignore tests/faults
        step "tests on MariaDB and RabbitMQ" on_services run_pytest -m "not long" "${not_elsewhere[@]}"
        step "tests in the browser" on_services run_pytest -m "not long" tests/browser
        step "faults" run_faults -m "not long"
        say "All is well."
        ;;
    quick)
        prepare venv mysqlclient
        step "tests on SQLite" run_pytest -m "not long" "${not_elsewhere[@]}"
        ;;
    long)
        prepare
        step "start MariaDB and RabbitMQ" start_services
        step "long tests" on_services run_pytest -m long --ignore tests/faults
        ;;
    faults)
        prepare
        step "start MariaDB and RabbitMQ" start_services
        step "faults" run_faults -m long
        ;;
    bench)
        prepare
        install_baseline
        # As a server's, which deploy/mariadb/chat.cnf gives room for ten million messages.
        export MARIADB_BUFFER_POOL=${MARIADB_BUFFER_POOL:-1G} MARIADB_LOG_FILE=${MARIADB_LOG_FILE:-512M}
        step "start MariaDB and RabbitMQ" start_services
        on_services "$PY" -m tests.bench
        ;;
    check)
        prepare venv mysqlclient
        static_checks
        ;;
    audit)
        prepare venv mysqlclient
        install_audit
        audit
        ;;
    format)
        prepare venv mysqlclient
        "$PY" -m ruff check --fix .
        "$PY" -m ruff format .
        find templates -name '*.html' -print0 | xargs -0r "$VENV/bin/djade" --target-version 5.2
        ;;
    messages)
        prepare venv mysqlclient
        "$PY" -m tests.languages update
        ;;
    icons)
        prepare venv mysqlclient chromium
        "$PY" deploy/icons.py
        ;;
    pictures)
        prepare venv mysqlclient chromium
        "$PY" -m tests.album
        ;;
    lighthouse)
        prepare venv mysqlclient chromium
        install_lighthouse
        "$PY" -m tests.lighthouse
        ;;
    *)
        die "Usage: deploy/test.sh all|quick|long|faults|check|audit|format|messages|icons|pictures|lighthouse|bench"
        ;;
esac
