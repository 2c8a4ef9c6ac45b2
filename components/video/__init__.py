"""Room `video`: see the README beside this file."""
