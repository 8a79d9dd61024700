"""Onto the screens: hints between processes, and the hub that tells its streams of changes. Knows no app."""
