"""Room `core`: see the README beside this file."""
