"""Room `train`: see the README beside this file."""
