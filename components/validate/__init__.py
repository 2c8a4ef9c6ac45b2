"""Room `validate`: see the README beside this file."""
