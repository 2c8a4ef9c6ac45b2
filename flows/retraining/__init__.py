"""The parts of the flow `retrain`: journal, worktree, sources, decisions, steps."""
