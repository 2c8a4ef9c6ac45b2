"""Room `audit`: see the README beside this file."""
