"""Room `teacher`: see the README beside this file."""
