"""Temporal grounding and highlight detection: see README.md beside this file."""
