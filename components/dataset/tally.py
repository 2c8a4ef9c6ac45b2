"""What a split holds: samples, turns and state shares, per task."""

import collections

import numpy as np
import pyarrow as pa

from components.protocol.states import LABELS


class Tally:
    """Counts of one side of the split, added part by part."""

    def __init__(self) -> None:
        self.samples: collections.Counter[str] = collections.Counter()
        self.turns: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(self, table: pa.Table, lengths: np.ndarray) -> None:
        """Count whole samples of a turn table; `lengths` holds the rows of each."""
        firsts = np.cumsum(lengths) - lengths
        self.samples.update(table.column("task").take(pa.array(firsts)).to_pylist())
        counted = table.select(["task", "state"]).group_by(["task", "state"]).aggregate([([], "count_all")])
        for row in counted.to_pylist():
            self.turns[row["task"], row["state"]] += row["count_all"]

    def total(self) -> dict[str, object]:
        """`{"samples", "turns", "shares", "tasks": {task: {"samples", "turns", "shares"}}}`."""
        tasks = {task: self._entry({task}) for task in sorted(self.samples)}
        return {**self._entry(set(self.samples)), "tasks": tasks}

    def by_state(self) -> dict[str, int]:
        """Turns of each state."""
        return {
            label: sum(count for (_, state), count in self.turns.items() if state == label)
            for label in LABELS
        }

    def _entry(self, tasks: set[str]) -> dict[str, object]:
        states = {label: sum(self.turns[task, label] for task in tasks) for label in LABELS}
        turns = sum(states.values())
        return {
            "samples": sum(self.samples[task] for task in tasks),
            "turns": turns,
            "shares": {label: round(count / max(1, turns), 6) for label, count in states.items()},
        }
