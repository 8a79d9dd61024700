#!/usr/bin/env bash
# On a server, as root: runs a manage.py command as the services run, as their user and with /etc/chat/env.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
set -a
# shellcheck source=/dev/null
source /etc/chat/env
set +a
exec runuser -u chat -- .venv/bin/python manage.py "$@"
