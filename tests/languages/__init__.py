"""`make messages` and its check: what people read is marked, and translated into every language."""
