"""Room `infer`: see the README beside this file."""
