"""Turns to the side their video stands on."""

import collections
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.core.errors import DataError
from components.dataset.shards import Shards, whole_samples
from components.dataset.split import SIDES, Split
from components.dataset.tally import Tally


@dataclass(frozen=True)
class Written:
    """What came of the turns: `tallies` per side and reason of exclusion, shards per side, kept samples."""

    tallies: dict[str, Tally]
    shards: dict[str, int]
    kept: pa.Array


def write_sides(out: Path, path: Path, split: Split, shard_rows: int) -> Written:
    """Stream the turn table `path` into `out/<side>/shard-*.parquet`; excluded samples are only counted.

    Raises:
        DataError: rows are not sorted, or the video of a sample is not in the corpus manifest.

    """
    side_of = split.side | {name: reason for name, (reason, _) in split.excluded.items()}
    tallies: dict[str, Tally] = collections.defaultdict(Tally)
    shards = {side: Shards(out / side, shard_rows) for side in SIDES}
    kept: list[pa.ChunkedArray] = []
    for table, lengths in whole_samples(path):
        firsts = np.cumsum(lengths) - lengths
        words = _words(table.column("video_id").take(pa.array(firsts)), side_of, path)
        for word in sorted(set(words)):
            mine = words == word
            part, part_lengths = table.filter(pa.array(np.repeat(mine, lengths))), lengths[mine]
            tallies[word].add(part, part_lengths)
            if word in shards:
                shards[word].add(part, part_lengths)
                kept.append(table.column("sample_id").take(pa.array(firsts[mine])))
    for side in SIDES:
        shards[side].close()
        tallies[side] = tallies.get(side, Tally())
    chosen = pa.concat_arrays(
        [chunk for column in kept for chunk in column.chunks] or [pa.array([], pa.string())]
    )
    return Written(dict(tallies), {side: shards[side].count for side in SIDES}, chosen)


def _words(videos: pa.ChunkedArray, side_of: dict[str, str], path: Path) -> np.ndarray:
    """(N,) object array: the side or the reason of exclusion of each video."""
    found = pc.index_in(videos, value_set=pa.array(list(side_of), pa.string()))
    if found.null_count:
        first = videos.filter(pc.is_null(found))[0].as_py()
        raise DataError(
            f"{path}: video {first!r} is not in the corpus manifest; run stages corpus and validate"
        )
    words: np.ndarray = np.array(list(side_of.values()), dtype=object)[found.to_numpy()]
    return words
