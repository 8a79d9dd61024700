"""Brings the database and the static files up to date before a start; what goes wrong it says in one line.

On a server, chat-clearsessions.timer and the steps of deploy/README.md do the same.
"""

import hashlib
import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def static_fingerprint() -> str:
    """Changes whenever collecting the static files could give another result."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256((CHECKOUT / "chatsite" / "settings.py").read_bytes())
    for finder in get_finders():
        for path, storage in finder.list([]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def prepare() -> None:
    """Migrates, makes the table of limits, removes old log-ins, and collects changed static files."""
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Preparing the database …", flush=True)  # noqa: T201
        call_command("migrate", verbosity=0, interactive=False)

    call_command("createcachetable", verbosity=0)
    call_command("clearsessions")
    call_command("clear_exports")
    call_command("finish_removals")

    stamp = Path(settings.STATIC_ROOT) / ".fingerprint"
    fingerprint = static_fingerprint()
    if not stamp.is_file() or stamp.read_text() != fingerprint:
        print("Collecting the static files …", flush=True)  # noqa: T201
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(fingerprint)


def main() -> int:
    """Returns the exit status; a wrong setting or an unreachable database is one line, not a traceback."""
    sys.path.insert(0, str(CHECKOUT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management.base import CommandError
    from django.db import DatabaseError

    try:
        prepare()
    except (ImproperlyConfigured, CommandError) as error:
        reason = str(error)
    except DatabaseError as error:
        reason = f"The database can't be used: {error}"
    else:
        return 0
    print(reason, file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
