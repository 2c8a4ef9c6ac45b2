"""Cells of score tables: a value with its interval, the points it is of, and the best blind policy."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from components.report.findings import number
from components.report.html import DASH, Html, join, tag

Json = Mapping[str, Any]
FLAG = "⚑"


def value_cell(
    value: float | None, bounds: Sequence[float] | None, *, n: int | None = None, floor: float | None = None
) -> Html:
    """One decimal; small below it the interval, then the points it is of and the best floor, where given."""
    small = [span_text(*bounds)] if bounds else []
    if value is not None:
        small += [f"n {n}"] if n else []
        small += [f"floor {number(floor)}"] if floor is not None else []
    return join([number(value), *[tag("small", line) for line in small]])


def span_text(low: float, high: float) -> str:
    """`46-52`, of small numbers `0.1-0.4`."""
    digits = 1 if max(abs(low), abs(high)) < 10 else 0
    return f"{low:.{digits}f}{DASH}{high:.{digits}f}"


def mean_cell(cell: Json | None) -> Html:
    """A mean over seeds, its interval and the seeds below it; None where a seed has no value."""
    if cell is None:
        return Html(DASH)
    seeds = " / ".join(number(value) for value in cell["values"]) if len(cell["values"]) > 1 else ""
    return join([value_cell(cell["mean"], cell["interval"]), tag("small", seeds) if seeds else ""])


def printed(value: float | None, digits: int = 2) -> str:
    """A printed figure with as many decimals as the paper gives it."""
    return DASH if value is None else f"{value:.{digits}f}"


def printed_mean(row: Json, name: str, digits: int = 2) -> object:
    """The printed mean, with a flag where its own printed parts give another one."""
    value = printed(row["printed"][name], digits)
    return f"{value} {FLAG}" if name in row["flags"] else value


def difference_cell(cell: Json) -> Html:
    """A difference in percentage points with its sign and its 95 % interval."""
    low, high = cell["interval"]
    return join([signed(cell["difference"]), tag("small", f"{signed(low, 0)} to {signed(high, 0)}")])


def signed(value: float, digits: int = 1) -> str:
    """`+1.2`, `-0.3`."""
    return f"{value:+.{digits}f}"


def best_floor(tables: Iterable[Json]) -> Json:
    """The highest value of any of these score tables, cell by cell: `tasks`, `groups`, `total`."""
    found = list(tables)

    def highest(values: Iterable[float | None]) -> float | None:
        return max((value for value in values if value is not None), default=None)

    tasks = sorted({task for one in found for task in one["tasks"]})
    groups = sorted({group for one in found for group in one["groups"]})
    return {
        "tasks": {t: highest(one["tasks"].get(t, {}).get("accuracy") for one in found) for t in tasks},
        "groups": {g: highest(one["groups"].get(g) for one in found) for g in groups},
        "total": highest(one["total"] for one in found),
    }
