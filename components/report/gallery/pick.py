"""Which samples the gallery shows: the same for the same dataset and seed, spread over tasks and sources."""

import heapq
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.core.seeds import derive

SPLITS = ("train", "validation")
_COLUMNS = ["sample_id", "task", "source"]


def shards(dataset: Path) -> list[tuple[str, Path]]:
    """(split, file) of every shard of a dataset product.

    Raises:
        DataError: the folder holds none.

    """
    found = [(split, path) for split in SPLITS for path in sorted((dataset / split).glob("*.parquet"))]
    if not found:
        raise DataError(
            f"{dataset}: no train/*.parquet or validation/*.parquet; give a product of stage dataset"
        )
    return found


def pick(dataset: Path, per_task: int, seed: int) -> dict[str, str]:
    """`{sample_id: split}` of at most `per_task` samples a task, taken from its sources in turn.

    Within a source those whose hash with the seed is smallest: not by how they look. Reads three columns, a
    batch at a time.
    """
    ranked: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for split, path in shards(dataset):
        for sample_id, task, source in _names(path):
            # heapq keeps the largest of negative ranks, that is the smallest ranks.
            entry = (-derive(seed, "gallery", sample_id), sample_id, split)
            best = ranked.setdefault((task, source), [])
            if entry in best:  # a sample that goes on in the next batch
                continue
            if len(best) < per_task:
                heapq.heappush(best, entry)
            else:
                heapq.heappushpop(best, entry)
    chosen: dict[str, str] = {}
    for task in sorted({task for task, _ in ranked}):
        lists = [sorted(found, reverse=True) for (name, _), found in sorted(ranked.items()) if name == task]
        chosen |= dict(_in_turn(lists)[:per_task])
    return chosen


def _in_turn(lists: Sequence[Sequence[tuple[int, str, str]]]) -> list[tuple[str, str]]:
    """The first of every list, then the second of every list, ..."""
    rounds = chain.from_iterable(zip_longest(*lists))
    return [(entry[1], entry[2]) for entry in rounds if entry is not None]


def _names(path: Path) -> Iterator[tuple[str, str, str]]:
    """Sample, task and source of every sample of a shard, once a batch."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(1 << 16, columns=_COLUMNS):
                columns = [batch.column(name).cast(pa.string()) for name in _COLUMNS]
                unique = pa.table(columns, names=_COLUMNS).group_by(_COLUMNS).aggregate([])
                yield from zip(*(unique.column(name).to_pylist() for name in _COLUMNS), strict=True)
    except (OSError, KeyError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a shard of a turn table ({error})") from None
