"""Room `cli`: see the README beside this file."""
