#!/usr/bin/env bash
# Installs Debian packages without starting or enabling the services they bring; runs as root, called by install.sh.
set -euo pipefail

readonly POLICY=/usr/sbin/policy-rc.d
readonly MARK='# chatsite: no service starts while packages are installed'

exec 9>/run/chatsite-apt-install.lock
flock 9

remove_policy() { if grep -qsF "$MARK" "$POLICY"; then rm -f "$POLICY"; fi; }
trap remove_policy EXIT

# A policy that is already there is the machine's own and stays; one with our mark was left by a killed run.
if [[ ! -e $POLICY ]] || grep -qF "$MARK" "$POLICY"; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" >"$POLICY"
    chmod 755 "$POLICY"
fi

units() { find /lib/systemd/system -maxdepth 1 \( -name '*.service' -o -name '*.socket' \) -printf '%f\n' 2>/dev/null | sort; }

units_before=$(units)
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@"

# What the packages brought must not start at the next boot either.
if command -v systemctl >/dev/null; then
    comm -13 <(printf '%s\n' "$units_before") <(units) | while read -r unit; do
        case $unit in
            rabbitmq-server.service | epmd.service | epmd.socket | nginx.service | redis-server.service) systemctl disable "$unit" || true ;;
        esac
    done
fi
