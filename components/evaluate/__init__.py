"""Room `evaluate`: see the README beside this file."""
