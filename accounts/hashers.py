"""How passwords are hashed: argon2id, within the memory of a small server."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class LeanArgon2Hasher(Argon2PasswordHasher):
    """argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet advises.

    Django's own takes 100 MiB for each log-in, known name or not: a few dozen at once would fill the memory.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1
