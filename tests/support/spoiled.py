"""A turn table with some rows made wrong, for the gate to find."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.protocol.columns import TURN_SCHEMA

# Rule that a fault breaks: the state of the row that is spoiled, and what it becomes.
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "only_response_has_text": ("silence", {"text": "said in silence"}),
    "response_has_text": ("response", {"text": None}),
    "no_state_token": ("response", {"text": "seen </Standby> again"}),
}


def spoil(path: Path, out: Path, where: Mapping[str, str]) -> set[tuple[str, str, int]]:
    """Copy a turn table row group by row group; `where` says which fault the last fit row of a sample gets.

    Returns:
        (rule, sample_id, turn) of every row spoiled, one for each entry of `where`.

    """
    planted = set()
    with pq.ParquetFile(path) as file, pq.ParquetWriter(out, TURN_SCHEMA, compression="zstd") as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            for sample, rule in where.items():
                state, change = FAULTS[rule]
                mask = pc.and_(pc.equal(table["sample_id"], sample), pc.equal(table["state"], state))
                rows = pc.indices_nonzero(mask).to_pylist()
                if rows:
                    planted.add((rule, sample, table["turn"][rows[-1]].as_py()))
                    table = _changed(table, rows[-1], change)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
    assert len(planted) == len(where), f"planted {planted} of {dict(where)}"
    return planted


def _changed(table: pa.Table, row: int, change: Mapping[str, Any]) -> pa.Table:
    for name, value in change.items():
        column = table[name].to_pylist()
        column[row] = value
        field = TURN_SCHEMA.field(name)
        table = table.set_column(TURN_SCHEMA.get_field_index(name), field, pa.array(column, field.type))
    return table
