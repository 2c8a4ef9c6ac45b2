"""Room `monitor`: see the README beside this file."""
