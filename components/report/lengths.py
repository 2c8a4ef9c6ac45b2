"""Accuracy on test points against how many turns of the stream came before the query."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

from components.core.errors import DataError

Json = Mapping[str, Any]
EDGES = (0, 4, 8, 12, 16, 20, 30, 60, 120, 300, 600)  # turns (seconds); the last bin is open
Z = 1.96


def query_turns(benchmark: Sequence[Json]) -> dict[str, int]:
    """Turns before the query of every test point, by the id it has in points.json (`REC-12-0`)."""
    found: dict[str, int] = {}
    for entry in benchmark:
        for place, second in enumerate(query_seconds(entry)):
            found[f"{entry['task']}-{entry['id']}-{place}"] = int(second)
    return found


def query_seconds(entry: Json) -> Iterator[float]:
    """The second of each query of an annotation entry."""
    points = entry.get("test_info")
    if points is None:
        yield float(entry["realtime"])
    else:
        yield from (float(point["realtime"]) for point in points)


def by_length(points: Sequence[Json], turns: Mapping[str, int], column: str) -> list[dict[str, Any]]:
    """Per bin that has points: its first and last turn, points, percent right with a 95 % Wilson interval.

    Args:
        points: the rows of points.json.
        turns: the value of `query_turns`.
        column: `matched` or `naive`.

    Raises:
        DataError: a point is not in the benchmark.

    """
    bins: dict[int, list[bool]] = {}
    for point in points:
        if point["column"] != column:
            continue
        if point["id"] not in turns:
            raise DataError(
                f"points.json: {point['id']} is not in artifacts/corpus/benchmark.json; evaluate again"
            )
        place = max(number for number, edge in enumerate(EDGES) if turns[point["id"]] >= edge)
        bins.setdefault(place, []).append(bool(point["correct"]))
    return [bin_row(place, right) for place, right in sorted(bins.items())]


def bin_row(place: int, right: Sequence[bool]) -> dict[str, Any]:
    """One bin."""
    low, high = wilson(sum(right), len(right))
    return {
        "from": EDGES[place],
        "to": EDGES[place + 1] - 1 if place + 1 < len(EDGES) else None,
        "n": len(right),
        "accuracy": round(100 * sum(right) / len(right), 2),
        "interval": [round(100 * low, 2), round(100 * high, 2)],
    }


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927)."""
    share, spread = right / n, Z * Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
