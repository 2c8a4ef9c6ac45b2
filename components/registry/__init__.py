"""Room `registry`: see the README beside this file."""
