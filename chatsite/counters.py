"""The cache in which django-allauth counts sign-ups and log-ins: files that all processes of a machine share.

Django's file cache, with locks that only one process gets, and without a way to keep people out: a full disk
or a file that broke costs counts, never a log-in.
"""

import logging
import os
import pickle
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache

logger = logging.getLogger(__name__)

BROKEN = (EOFError, ValueError, TypeError, pickle.UnpicklingError, zlib.error)


class CountersOnDisk(FileBasedCache):
    # Django's, which its types leave out.
    _dir: str
    _cull: Callable[[], None]
    _key_to_file: Callable[[Any, Any], str]
    _write_content: Callable[[Any, Any, Any], None]

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        if self.has_key(key, version):
            return False
        self._createdir()
        try:
            self._cull()
            with tempfile.NamedTemporaryFile(dir=self._dir) as file:
                self._write_content(file, timeout, value)
                file.flush()
                # Django's own looks, then writes: two processes would both hold the lock and lose a count.
                os.link(file.name, self._key_to_file(key, version))
        except FileExistsError:
            return False
        except OSError as fault:
            logger.warning("Nothing is counted: %s", fault)
        return True

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except OSError as fault:
            logger.warning("Nothing is counted: %s", fault)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        try:
            return super().get(key, default, version)
        except BROKEN:
            self.delete(key, version)
        except OSError:
            pass  # whoever sets says so
        return default

    def has_key(self, key: Any, version: Any = None) -> bool:
        try:
            return super().has_key(key, version)
        except BROKEN:
            self.delete(key, version)
        except OSError:
            pass  # whoever adds says so
        return False

    def delete(self, key: Any, version: Any = None) -> bool:
        try:
            return super().delete(key, version)
        except OSError:
            return False

    def _createdir(self) -> None:
        with suppress(OSError):  # the write that follows fails and says so
            super()._createdir()  # type: ignore[misc]
