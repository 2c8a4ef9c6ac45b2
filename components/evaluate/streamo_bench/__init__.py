"""Streamo-Bench, rebuilt from its description: see README.md beside this file."""
