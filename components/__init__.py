"""Streamo Pipeline: one importable package, one folder ("room") per concern."""
