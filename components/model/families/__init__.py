"""Model families: one file each, found by config.json's `model_type` in `registry`."""
