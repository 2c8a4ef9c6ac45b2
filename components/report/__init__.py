"""Room `report`: see the README beside this file."""
