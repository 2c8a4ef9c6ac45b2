"""What the table of losses shows, as sentences made from its numbers alone; no loss is expected to win."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from components.report.findings import listed, number, order_text
from components.report.palette import family_title

Json = Mapping[str, Any]
HERE = "{family}"  # in a sentence: where the family is named if there are several


def says(table: Json) -> list[str]:
    """The sentences, in the order of the page; `table` is the value of `ablation.ablation`."""
    families = table["families"]
    lines = [size_line(table)]
    if len(table["losses"]) > 1:
        for family in families:
            rows = [row for row in table["rows"] if row["family"] == family]
            where = f" ({family_title(family)})" if len(families) > 1 else ""
            lines += [line.replace(HERE, where) for line in family_lines(rows)]
        lines += families_line(table)
    return lines


def size_line(table: Json) -> str:
    """How much there is to compare."""
    seeds, families = len(table["seeds"]), [family_title(family) for family in table["families"]]
    listed = (
        f"{len(table['losses'])} loss{'es' if len(table['losses']) > 1 else ''} on {' and '.join(families)}"
    )
    if seeds == 1:
        return f"{listed}, n = 1 seed: how much of a difference is the seed's cannot be told."
    return f"{listed}, n = {seeds} seeds: a joint interval is the lowest and highest bound of its runs."


def family_lines(rows: Sequence[Json]) -> list[str]:
    """Order, intervals, how early each speaks, and at what price, within one family."""
    lines = []
    tested = [row for row in rows if row["groups"]["forward"]]
    if len(tested) > 1:
        lines += [order_line(tested), interval_line(tested)]
    return [*lines, since_line(rows), *heard_line(rows), price_line(rows)]


def ranked(rows: Sequence[Json]) -> list[Json]:
    """By the mean forward score, best first; ties by name."""
    return sorted(rows, key=lambda row: (-row["groups"]["forward"]["mean"], row["loss"]))


def order_of(rows: Sequence[Json], place: int) -> str:
    """`focal > ce = fixed`: the losses by the forward score of the seed at `place`."""
    return order_text({row["loss"]: row["groups"]["forward"]["values"][place] for row in rows}, values=False)


def order_line(rows: Sequence[Json]) -> str:
    """The order on forward points, and whether the seeds agree on it."""
    means = order_text({row["loss"]: row["groups"]["forward"]["mean"] for row in rows})
    seeds = rows[0]["seeds"]
    orders = [order_of(rows, place) for place in range(len(seeds))]
    if len(seeds) == 1:
        return f"Forward points{HERE}: {means}."
    each = "; ".join(f"seed {seed}: {order}" for seed, order in zip(seeds, orders, strict=True))
    if all(order == orders[0] for order in orders):
        return f"Forward points{HERE}: {means}; every seed gives this order."
    first = {order.partition(" > ")[0] for order in orders}
    agreed = (
        f"{first.pop()} is first in every seed" if len(first) == 1 else "even the first place is the seed's"
    )
    return f"Forward points{HERE}: {means} in the mean, but the seeds disagree ({each}): {agreed}."


def interval_line(rows: Sequence[Json]) -> str:
    """Which neighbours in the order have joint intervals that do not overlap."""
    order = ranked(rows)
    apart: list[str] = []
    touching: list[str] = []
    for better, worse in pairwise(order):
        pair = f"{better['loss']} and {worse['loss']}"
        high, low = better["groups"]["forward"]["interval"], worse["groups"]["forward"]["interval"]
        (apart if high and low and high[0] > low[1] else touching).append(pair)
    parts = [f"apart: {', '.join(apart)}"] if apart else []
    parts += [f"overlapping: {', '.join(touching)}"] if touching else []
    return f"95 % intervals of neighbours in that order{HERE}: {'; '.join(parts)}."


def since_line(rows: Sequence[Json]) -> str:
    """From which step on each loss speaks well enough, seed by seed."""
    since = ", ".join(f"{row['loss']} {steps_text(row['speaks_from'])}" for row in rows)
    return f"F1 of Response on the validation slice{HERE} stays at 50 % or above from step: {since}."


def heard_line(rows: Sequence[Json]) -> list[str]:
    """How much of what was due each loss answered at the first kept step, and how precisely."""
    step = min((int(step) for row in rows for step in row["early"]), default=None)
    if step is None:
        return []
    cells = [(row["loss"], row["early"].get(str(step), {})) for row in rows]
    heard = ", ".join(
        f"{loss} {number(cell['recall']['mean'])} (precision {number(mean_of(cell['precision']))})"
        for loss, cell in cells
        if cell.get("recall")
    )
    return [f"Recall of Response on the forward test streams{HERE} after {step} steps: {heard}."]


def mean_of(cell: Json | None) -> float | None:
    """The mean over seeds, None where there is none."""
    return cell["mean"] if cell else None


def steps_text(steps: Sequence[int | None]) -> str:
    """`60`, `60 and 80`, `not by the end`."""
    return " and ".join("not by the end" if step is None else str(step) for step in steps)


def price_line(rows: Sequence[Json]) -> str:
    """Recall of Response beside its precision and false alarms; who has the best of each."""
    needed = ("recall", "precision", "false_alarms_per_quiet_minute")
    told = [row for row in rows if all(row["speech"][name] for name in needed)]
    if not told:
        return f"No run said Response on the validation split{HERE}."

    def best(name: str, sign: int) -> str:
        means = {row["loss"]: row["speech"][name]["mean"] for row in told}
        value = number(min(means.values(), key=lambda mean: sign * mean))
        return f"{listed([loss for loss, mean in means.items() if number(mean) == value])} ({value})"

    alarms = best("false_alarms_per_quiet_minute", 1)
    return (
        f"Free-running on the validation split{HERE} the highest recall of Response is that of "
        f"{best('recall', -1)}, "
        f"the highest precision that of {best('precision', -1)}, the fewest false alarms per quiet minute "
        f"those of {alarms}."
    )


def families_line(table: Json) -> list[str]:
    """Whether the families rank the losses alike."""
    orders = {}
    for family in table["families"]:
        rows = [row for row in table["rows"] if row["family"] == family and row["groups"]["forward"]]
        means = {row["loss"]: row["groups"]["forward"]["mean"] for row in rows}
        if means:
            orders[family] = order_text(means, values=False)
    if len(orders) < 2:
        return []
    each = "; ".join(f"{family_title(family)}: {order}" for family, order in orders.items())
    alike = len(set(orders.values())) == 1
    return [f"The families {'rank' if alike else 'do not rank'} the losses alike on forward points ({each})."]
