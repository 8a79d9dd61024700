# Makes and mends .venv, and installs the pinned requirements when they have changed. Sourced after common.sh.
# shellcheck shell=bash

# Sets PYTHON to a Python of 3.11 or newer, or ends with one line.
find_python() {
    local name asked=${PYTHON:-} seen=
    for name in ${asked:-python3 python3.14 python3.13 python3.12 python3.11}; do
        type -P "$name" >/dev/null || continue
        seen=$name
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            PYTHON=$name
            return
        fi
    done
    [[ -n $seen ]] || die "Python 3.11 or newer is needed, and there is no ${asked:-python3} here (Debian: apt-get install python3)."
    seen=$("$seen" --version 2>&1) || seen="one that does not run"
    die "Python 3.11 or newer is needed; ${asked:-python3} here is ${seen}. Name a newer one: make run PYTHON=python3.12"
}

# 0 when .venv has a Python new enough that knows it is there. (A moved checkout's still runs, but its scripts don't.)
venv_works() {
    [[ $("$VENV/bin/python" -c 'import sys, pip
print(sys.version_info >= (3, 11), sys.prefix)' 2>/dev/null) == "True $VENV" ]] || return 1
    [[ ! -e $VENV/made_at || $(<"$VENV/made_at") == "$VENV" ]]
}

make_venv() {
    if [[ -d $VENV && ! -e $VENV/pyvenv.cfg && -n $(ls -A "$VENV") ]]; then
        die "$VENV is in the way: it is not a virtual environment. Move it and try again."
    fi
    find_python
    if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
        PYTHON=$PYTHON "$CHECKOUT/deploy/services.sh" install venv || exit 1
    fi
    say "Making .venv with $("$PYTHON" --version) …"
    "$PYTHON" -m venv --clear "$VENV" >"$VAR_DIR/venv.log" 2>&1 ||
        die "Could not make .venv: $(tail -n 1 "$VAR_DIR/venv.log") (more in $VAR_DIR/venv.log)"
    printf '%s\n' "$VENV" >"$VENV/made_at"
}

# The fingerprint of requirements/$1.txt and of those it builds on.
requirements_fingerprint() {
    local files=("$CHECKOUT/requirements/base.txt")
    case $1 in production | dev) files+=("$CHECKOUT/requirements/production.txt") ;; esac
    case $1 in dev) files+=("$CHECKOUT/requirements/dev.txt") ;; esac
    cat "${files[@]}" | sha256sum | cut -d ' ' -f 1
}

# Makes sure that .venv has what requirements/$1.txt names ($1: base, production or dev); needs a writable $VAR_DIR.
ensure_venv() {
    local level log=$VAR_DIR/pip.log
    venv_works || make_venv
    if [[ -e $VENV/installed.$1 && $(<"$VENV/installed.$1") == "$(requirements_fingerprint "$1")" ]]; then
        return 0
    fi
    say "Installing requirements/$1.txt into .venv; the first time this takes a minute …"
    if ! "$VENV/bin/python" -m pip install --no-input --disable-pip-version-check --root-user-action ignore \
        -r "$CHECKOUT/requirements/$1.txt" >"$log" 2>&1 </dev/null; then
        grep -m 3 '^ *ERROR' "$log" >&2 || tail -n 3 "$log" >&2
        die "Could not install requirements/$1.txt (the whole story: $log)"
    fi
    for level in base production dev; do
        requirements_fingerprint "$level" >"$VENV/installed.$level"
        [[ $level != "$1" ]] || break
    done
    # What a level above had added may no longer fit; it is looked at again when it is asked for.
    case $1 in
        base) rm -f "$VENV"/installed.{production,dev} ;;
        production) rm -f "$VENV/installed.dev" ;;
    esac
}
