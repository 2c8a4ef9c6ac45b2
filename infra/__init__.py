"""What runs outside Python, and the scenario that runs all of it together."""
