"""Dense video captioning: see README.md beside this file."""
