"""Room `dataset`: see the README beside this file."""
