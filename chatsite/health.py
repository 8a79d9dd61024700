"""Whether the site is set up rightly: settings, folders, static files, database. Knows no app.

Each check yields what it found, a line each, with what to do about it; `manage.py doctor` runs them all.
"""

import copy
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.files.storage import storages
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

PATIENCE_S = 3  # for a database or a broker that does not answer
MARIADB_AT_LEAST = (10, 6)
MYSQL_AT_LEAST = (8, 0, 22)
SECRET_KEY_LENGTH = 50  # characters, as Django's own check wants
SECRET_KEY_VARIETY = 5  # different characters
FLUSHED_AT_COMMIT = ("1", "3")  # 3 is MariaDB's alone, and flushes more often
SKEW_NOTICED = timedelta(seconds=2)
SKEW_HARMFUL = timedelta(seconds=60)

Level = Literal["ok", "warning", "wrong"]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `advice` says what to do about it, "" when all is well."""

    level: Level
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.level}: {self.what}" + (f" — {self.advice}" if self.advice else "")


Check: TypeAlias = Callable[[], Iterable[Finding]]


def ok(what: str) -> Finding:
    return Finding("ok", what)


def warning(what: str, advice: str) -> Finding:
    return Finding("warning", what, advice)


def wrong(what: str, advice: str) -> Finding:
    return Finding("wrong", what, advice)


def examine(checks: Iterable[Check]) -> Iterator[Finding]:
    """Run `checks`; one that breaks is a finding too, and stops none behind it."""
    for check in checks:
        try:
            yield from check()
        except Exception as fault:  # noqa: BLE001  # what it examines may be broken in any way
            name = check.__name__.removeprefix("check_").replace("_", " ")
            yield wrong(f"{name}: {type(fault).__name__}: {fault}", "this check itself failed")


def within(seconds: float, ask: Callable[[], Result]) -> Result:
    """What `ask()` returns.

    Raises:
        TimeoutError: it takes longer; it goes on in its thread, which does not keep the process.
    """
    results: list[Result] = []
    faults: list[Exception] = []

    def answer() -> None:
        try:
            results.append(ask())
        except Exception as fault:  # noqa: BLE001  # raised again below, where somebody listens
            faults.append(fault)

    asking = threading.Thread(target=answer, daemon=True)
    asking.start()
    asking.join(seconds)
    if faults:
        raise faults[0]
    if not results:
        raise TimeoutError
    return results[0]


def check_settings() -> Iterator[Finding]:
    """The settings that start a site but do it no good."""
    hosts = set(settings.ALLOWED_HOSTS)
    found = []
    if settings.DEBUG:
        found.append(warning("DEBUG is on: an error shows code and settings to anybody", "unset DEBUG"))
    if "*" in hosts:
        found.append(warning("ALLOWED_HOSTS has *", "name the site's own hosts"))
    if hosts - {"localhost", "127.0.0.1", "[::1]"} and not settings.SESSION_COOKIE_SECURE:
        found.append(
            warning(
                "HTTPS is off: passwords and cookies travel readable", "set HTTPS=true behind a TLS proxy"
            )
        )
    if settings.BROKER_URL and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            warning("workers with SQLite: one writer at a time", "set DATABASE_URL to MariaDB or MySQL")
        )
    if settings.BROKER_URL and settings.PERSIST_DIRECT:
        found.append(
            warning(
                "PERSIST_DIRECT is on: messages are stored in the request, past the broker",
                "unset it once the number of queues is changed",
            )
        )
    yield from found or [ok("settings")]


def check_secret_key() -> Iterator[Finding]:
    """Whether the key that signs sessions can be guessed or read."""
    key = settings.SECRET_KEY
    file = settings.SECRET_KEY_FILE
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < SECRET_KEY_VARIETY:
        yield wrong(
            "SECRET_KEY is weak: who guesses it is logged in as anybody",
            f"make it {SECRET_KEY_LENGTH} random characters or more; everybody logs in anew",
        )
    elif file is not None and file.stat().st_mode & 0o077:
        yield warning(f"{file} can be read by other users of this machine", f"chmod 600 {file}")
    else:
        yield ok("SECRET_KEY")


def check_var() -> Iterator[Finding]:
    """Whether the site may write where it keeps its data."""
    try:
        with tempfile.TemporaryFile(dir=settings.VAR_DIR):
            yield ok(f"{settings.VAR_DIR} can be written")
    except OSError as fault:
        yield wrong(
            f"{settings.VAR_DIR} can't be written: {fault.strerror}",
            f"give it to the user who runs this (now {os.geteuid()}), or set VAR_DIR",
        )


def check_static_files() -> Iterator[Finding]:
    """Whether every static file was collected under its hashed name."""
    storage: Any = storages["staticfiles"]
    if not isinstance(storage, ManifestFilesMixin):
        yield warning("static files are served as they lie there", "unset DEBUG for hashed names")
        return
    root = Path(settings.STATIC_ROOT)
    named = storage.hashed_files
    wanted = {path for finder in get_finders() for path, _storage in finder.list(["CVS", ".*", "*~"])}
    missing = sorted(path for path in wanted if path not in named or not (root / named[path]).is_file())
    if missing:
        yield wrong(
            f"{len(missing)} of {len(wanted)} static files are not collected ({missing[0]} …)",
            "manage.py collectstatic --noinput",
        )
    else:
        yield ok(f"{len(wanted)} static files are collected")


def check_database() -> Iterator[Finding]:
    """Whether the database answers, and is one that keeps our promises."""
    connection = connections[DEFAULT_DB_ALIAS]
    be_impatient(connection)
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as fault:
        yield wrong(f"the database does not answer: {_in_short(fault)}", "start it, or correct DATABASE_URL")
        return
    yield from _check_mysql(connection) if connection.vendor == "mysql" else _check_sqlite(connection)


def check_migrations() -> Iterator[Finding]:
    """Whether the database has the tables that this version of the code wants."""
    missing = missing_migrations(connections[DEFAULT_DB_ALIAS])
    if missing:
        yield wrong(
            f"{len(missing)} migrations are not applied ({missing[0][0]}.{missing[0][1]} …)",
            "manage.py migrate",
        )
    else:
        yield ok("every migration is applied")


def check_limits() -> Iterator[Finding]:
    """Whether there is a table to count in; without one nobody is limited, and nobody would notice."""
    table = settings.CACHES["default"]["LOCATION"]
    if table in connections[DEFAULT_DB_ALIAS].introspection.table_names():
        yield ok("limits are counted")
    else:
        yield wrong(f"there is no table {table}, and so no limit on log-ins", "manage.py createcachetable")


def missing_migrations(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """App and name of each migration that this version of the code has and the database has not."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(_wanted_migrations() - applied.keys())


@cache
def _wanted_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def check_clock() -> Iterator[Finding]:
    """Whether this machine and the database agree on the time: messages carry both."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "mysql":
        yield ok("clock: the database has the one of this machine")
        return
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT UTC_TIMESTAMP(6)")
        [theirs] = cursor.fetchone()
    skew = abs(theirs.replace(tzinfo=UTC) - before - (datetime.now(UTC) - before) / 2)
    what = f"clock: {skew.total_seconds():.1f} s apart from the database's"
    if skew >= SKEW_HARMFUL:
        yield wrong(what, "run a time service (chrony, systemd-timesyncd) on both machines")
    elif skew >= SKEW_NOTICED:
        yield warning(what, "run a time service (chrony, systemd-timesyncd) on both machines")
    else:
        yield ok(what)


def be_impatient(connection: BaseDatabaseWrapper) -> None:
    """Have a connection that is yet to be made give up after PATIENCE_S; no other one of the process."""
    if connection.connection is not None:
        return
    connection.settings_dict = copy.deepcopy(connection.settings_dict)
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "mysql":
        options.update(connect_timeout=PATIENCE_S, read_timeout=PATIENCE_S, write_timeout=PATIENCE_S)
    else:
        options.update(timeout=PATIENCE_S)


def _in_short(fault: Exception) -> str:
    """The words of a driver's error, without its number."""
    return str(fault.args[-1]) if fault.args else type(fault).__name__


def _check_mysql(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    is_mariadb = connection.mysql_is_mariadb  # type: ignore[attr-defined]
    version: tuple[int, ...] = connection.mysql_version  # type: ignore[attr-defined]
    name, at_least = ("MariaDB", MARIADB_AT_LEAST) if is_mariadb else ("MySQL", MYSQL_AT_LEAST)
    shown = f"{name} {'.'.join(map(str, version))}"
    if version < at_least:
        yield wrong(f"{shown} is too old", f"install {name} {'.'.join(map(str, at_least))} or newer")
    else:
        yield ok(f"database: {shown}")
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION VARIABLES")
        has = dict(cursor.fetchall())
    # MariaDB has had both names of the first since 11.1, before that only the shorter one.
    isolation = has.get("transaction_isolation") or has.get("tx_isolation")
    if isolation != "READ-COMMITTED":
        yield wrong(f"transactions are {isolation}", "leave isolation_level to the settings: read committed")
    for place in ("connection", "database"):
        if (charset := has[f"character_set_{place}"]) != "utf8mb4":
            yield wrong(
                f"the {place} has the character set {charset}: no emoji, and other orders",
                "ALTER DATABASE … CHARACTER SET utf8mb4, before the first migration",
            )
    if (flush := has["innodb_flush_log_at_trx_commit"]) not in FLUSHED_AT_COMMIT:
        yield warning(
            f"innodb_flush_log_at_trx_commit is {flush}: what was stored last is not on the disk, "
            "and goes when the power fails",
            "set it to 1",
        )
    if "STRICT_" not in has["sql_mode"]:
        yield wrong("sql_mode is not strict: a value too long would be cut", "leave sql_mode to the settings")


def _check_sqlite(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()")
        [version] = cursor.fetchone()
        cursor.execute("PRAGMA journal_mode")
        [mode] = cursor.fetchone()
    if mode != "wal":
        yield wrong(
            f"SQLite's journal is {mode}: a reader stops every writer",
            "keep the file on a local disk, which WAL needs",
        )
    else:
        yield ok(f"database: SQLite {version}, WAL")
