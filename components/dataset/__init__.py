"""Room `dataset`: leak-safe split, near-duplicates, shards, card; see the README beside this file."""
