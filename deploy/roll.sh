#!/usr/bin/env bash
# Replaces the processes of a server by new ones while people talk; as root, after an update. See README.md beside this.
set -euo pipefail

# shellcheck source=deploy/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

WORKER_WITHIN_S=${WORKER_WITHIN_S:-60}

running() { systemctl list-units --plain --no-legend --state=active "$@" | cut -d ' ' -f 1; }

has_its_queues() { "$CHECKOUT/deploy/manage.sh" pipeline >/dev/null 2>&1; }

# First, as one of before would throw away what it does not know: a mail of a new kind.
for unit in $(running 'chat-tasks*'); do
    systemctl restart "$unit"
done

# New processes take over the open socket, the old ones finish what they have in hand.
systemctl reload chat-web

# Each is back when systemctl returns; its browsers spread their return over some seconds by themselves.
for unit in $(running 'chat-live@*'); do
    systemctl restart "$unit"
done

for unit in $(running 'chat-worker@*'); do
    systemctl restart "$unit"
    wait_until "$WORKER_WITHIN_S" has_its_queues || die "After $unit: deploy/manage.sh pipeline says what is wrong, journalctl -u $unit perhaps why."
done
