"""Room `protocol`: see the README beside this file."""
