"""Many labels -> turn table and event table, a block of labels at a time."""

from collections.abc import Iterable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from components.protocol.columnar import turn_columns
from components.protocol.columns import EVENT_SCHEMA, TURN_SCHEMA, event_table
from components.protocol.placed import Placed
from components.protocol.tables import DIALOGUES_A_GROUP, GroupWriter


def write_placed(path: Path, samples: Iterable[Placed], *, events: Path | None = None) -> int:
    """`tables.write_turns` of the same samples, byte for byte, without spelling them out."""
    rows = 0
    with ExitStack() as stack:
        turns = GroupWriter(stack, path, TURN_SCHEMA)
        told = None if events is None else GroupWriter(stack, events, EVENT_SCHEMA)
        source = iter(samples)
        while group := list(islice(source, DIALOGUES_A_GROUP)):
            table = turn_columns(group)
            turns.write(table)
            if told is not None:
                told.write(event_table([placed.head for placed in group]))
            rows += table.num_rows
    return rows
