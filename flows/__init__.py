"""Prefect flows, derived from the DVC graph."""
