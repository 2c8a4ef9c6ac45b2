"""Room `lineage`: see the README beside this file."""
