#!/usr/bin/env python
"""Every command of the project; `manage.py help` lists them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    os.environ.setdefault("DATABASE_TIMEOUT", "86400")  # a migration takes as long as it takes
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # a setting is wrong: one line says which, a traceback would hide it


if __name__ == "__main__":
    main()
