"""The project's settings for the tests: the same, but fast password hashes and private folders and queues.

DATABASE_URL and BROKER_URL come from the environment as anywhere: without them the suite runs on the embedded
default, with them on MariaDB and RabbitMQ with a real worker.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG")
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="chat-tests-")
atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
# Each process of each run has queues of its own on the one broker.
os.environ["QUEUE_PREFIX"] = f"test.{os.getpid()}"
os.environ["SIGN_UP_RATE"] = "10000/m/ip"
# What is not about limits is done as fast as it goes.
for name in (
    "POST_RATE",
    "CHANGE_RATE",
    "ARRANGE_RATE",
    "CHANNEL_RATE",
    "INVITATION_RATE",
    "REPORT_RATE",
    "BLOCK_RATE",
    "EXPORT_RATE",
):
    os.environ[name] = ""

from chatsite.settings import *  # noqa: F403
from chatsite.settings import DATABASES, VAR_DIR

(Path(VAR_DIR) / "static").mkdir()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads in a test need connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(VAR_DIR) / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"
