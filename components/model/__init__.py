"""Room `model`: see the README beside this file."""
