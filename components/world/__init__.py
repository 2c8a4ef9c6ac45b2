"""Room `world`: see the README beside this file."""
