"""Copied into a small repository as the room `components/toy`: see tests/support/retrain_repo.py."""
