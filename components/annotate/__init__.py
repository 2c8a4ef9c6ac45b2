"""Room `annotate`: see the README beside this file."""
