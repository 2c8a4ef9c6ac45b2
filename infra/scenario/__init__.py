"""Operation from end to end on one machine: `python -m infra.scenario`."""
