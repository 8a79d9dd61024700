"""Measurements of the running product, printed by `make bench`; docs/benchmarks.md keeps the figures."""
