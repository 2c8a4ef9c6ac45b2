"""Room `base`: see the README beside this file."""
