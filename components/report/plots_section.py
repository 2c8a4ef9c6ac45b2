"""The plots: confusion of the states, recall against false alarms, delay, accuracy by stream length."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.cells import value_cell
from components.report.html import (
    DASH,
    Html,
    Part,
    RowClass,
    details,
    figure,
    legend,
    paragraph,
    section,
    table,
    tag,
)
from components.report.palette import GROUP_TITLES, OTHER_COLOUR, colour_of, dash_of
from components.report.plot_svg import Point, bar_chart, heatmap, scatter
from components.report.speech import MISSED
from components.report.svg import SOFT, Series, line_chart

Json = Mapping[str, Any]
STATE_ORDER = ("silence", "standby", "response")
SPEECH = {
    "recall": "recall",
    "precision": "precision",
    "f1": "F1",
    "false_alarms_per_quiet_hour": "false alarms a quiet hour",
    "delay_turns": "mean delay, turns",
    "missed": "missed, percent",
}


def plots_section(results: Json) -> Html:
    """All four."""
    return section(
        "plots",
        "When the models speak",
        *confusion_part(results),
        *speech_part(results),
        *delay_part(results),
        *length_part(results),
    )


def colours_of(results: Json) -> dict[str, str]:
    """The colour of each run: that of its loss."""
    return {name: colour_of(entry["loss"]) for name, entry in results["models"].items()}


def confusion_part(results: Json) -> Iterator[Html]:
    """A heatmap for each run."""
    yield tag("h3", "States confused, validation split")
    yield paragraph(
        "Free-running turns: rows are the labelled state, columns what the model said, percent of the "
        "row and number of turns.",
        class_="quiet",
    )
    maps = results["plots"]["confusion"]
    charts = [
        figure(name, heatmap(counts, STATE_ORDER, title=f"states of {name}")) for name, counts in maps.items()
    ]
    yield tag("div", *charts, class_="grid heat")


def speech_part(results: Json) -> Iterator[Html]:
    """Every run and every blind policy as a point, and the same as a table."""
    speech, colours = results["plots"]["speech"], colours_of(results)
    points = [scatter_point(name, cell, colours[name]) for name, cell in speech["runs"].items()]
    points += [scatter_point(name, cell, SOFT, blind=True) for name, cell in speech["blind"].items()]
    yield tag("h3", "Recall of Response against false alarms")
    yield paragraph(
        "Up and to the left is better. Hollow points see no frame. A due turn counts as heard if a "
        "Response falls within one turn of it; a false alarm is a Response on a quiet turn. The axis of "
        "false alarms is logarithmic. Clips are shorter than a minute, so an hour is a sum over many "
        "clips.",
        class_="quiet",
    )
    shown = [point for point in points if point is not None]
    chart = scatter(
        shown,
        title="recall against false alarms",
        x_title="false alarms a quiet hour",
        y_title="recall of Response, %",
    )
    yield tag("div", figure("validation split, free-running", chart), class_="wide")
    head = ["run or policy", *SPEECH.values(), "due turns", "quiet turns"]
    yield details("the same as a table", table(head, list(speech_rows(speech))))


def scatter_point(name: str, cell: Json, colour: str, *, blind: bool = False) -> Point | None:
    """A point; None where nothing was due or no turn was quiet."""
    recall, alarms = cell["recall"], cell["false_alarms_per_quiet_hour"]
    if recall is None or alarms is None:
        return None
    return Point(name, alarms, recall, colour, blind)


def speech_rows(speech: Json) -> Iterator[Sequence[object]]:
    """Runs with intervals, then policies."""
    for kind, title in (("runs", "runs"), ("blind", "policies that see no frame")):
        yield Part(title)
        for name, cell in speech[kind].items():
            bounds = cell.get("intervals", {})
            values = [value_cell(cell[rate], bounds.get(rate)) for rate in SPEECH]
            yield [
                RowClass("floor" if kind == "blind" else ""),
                name,
                *values,
                cell["due"],
                cell["quiet_turns"],
            ]


def delay_part(results: Json) -> Iterator[Html]:
    """How late due turns are answered, percent of all due turns."""
    delays, colours = results["plots"]["delays"], colours_of(results)
    found = {name: counts for name, counts in delays.items() if sum(counts.values())}
    if not found:
        return
    yield tag("h3", "Delay of Responses")
    yield paragraph(
        "Percent of the due turns of the validation split by how many turns later they were answered; -1 "
        "is a turn early. Each takes the first free Response before the next due turn. An answer counts "
        "by its time alone, not by its words.",
        class_="quiet",
    )
    series = {
        name: [100 * count / sum(counts.values()) for count in counts.values()]
        for name, counts in found.items()
    }
    names = list(next(iter(found.values())))
    yield legend([(name, colours[name]) for name in found])
    yield tag(
        "div", figure("percent of due turns", bar_chart(names, series, colours, title="delay")), class_="wide"
    )
    head = ["run", *[f"{name} turns" if name != MISSED else name for name in names]]
    rows = [[name, *counts.values()] for name, counts in found.items()]
    yield details("due turns by their delay, as a table", table(head, rows))


def length_part(results: Json) -> Iterator[Html]:
    """Percent right by the turns before the query, a chart for each group."""
    lengths = results["plots"]["lengths"]
    if not lengths:
        return
    models = results["models"]
    seeds = results["ablation"]["seeds"]
    yield tag("h3", "Accuracy against the length of the stream before the query")
    yield paragraph(
        f"{results['column'].capitalize()} points. Other tasks are asked early than late, so a slope is "
        "not yet a matter of memory; n of each bin is in the table.",
        class_="quiet",
    )
    charts = []
    for group, found in lengths.items():
        lines = [
            Series(
                colour_of(models[name]["loss"]) if name in models else OTHER_COLOUR,
                [row["from"] for row in bins],
                [row["accuracy"] for row in bins],
                marks=True,
                dash=dash_of(seeds.index(models[name]["seed"])),
            )
            for name, bins in found.items()
            if bins
        ]
        title = f"{GROUP_TITLES[group]}, percent right from so many turns on"
        if lines:
            charts.append(figure(title, line_chart(lines, title=title, y_range=(0, 100))))
    yield tag("div", *charts, class_="grid")
    yield details(
        "the same as a table",
        table(["group and run", "turns before", "percent right", "points"], list(length_rows(lengths))),
    )


def length_rows(lengths: Json) -> Iterator[Sequence[object]]:
    """A row for each bin."""
    for group, found in lengths.items():
        yield Part(GROUP_TITLES[group])
        for name, bins in found.items():
            for row in bins:
                turns = (
                    f"{row['from']}{DASH}{row['to']}" if row["to"] is not None else f"{row['from']} and more"
                )
                yield [name, turns, value_cell(row["accuracy"], row["interval"]), row["n"]]
