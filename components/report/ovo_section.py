"""The OVO-Bench table: the paper's printed rows, ours on matched and naive points, controls and floors."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.findings import RIVAL_NAMES, number
from components.report.html import (
    DASH,
    Html,
    Part,
    RowClass,
    details,
    figure,
    join,
    paragraph,
    section,
    table,
    tag,
)
from components.report.interval_chart import SYMBOLS, Row, interval_chart
from components.report.palette import GROUP_TITLES, colour_of

Json = Mapping[str, Any]
GROUP_TASKS = {
    "realtime": ("OCR", "ACR", "ATR", "STU", "FPD", "OJR"),
    "backward": ("EPM", "ASI", "HLD"),
    "forward": ("REC", "SSR", "CRR"),
}
MAIN_ROWS = (
    "Dispider-7B",
    "ViSpeak-7B",
    "Streamo-3B",
    "Streamo-7B",
    "Streamo-2B (InternVL3)",
    "Streamo-4B (Qwen3-VL)",
)


def head() -> list[str]:
    """Column titles: tasks and their group's mean, then the total."""
    cells = ["model"]
    for group, tasks in GROUP_TASKS.items():
        cells += [*tasks, GROUP_TITLES[group]]
    return [*cells, "total"]


def paper_row(row: Json) -> list[object]:
    """A printed row; a mean that does not follow from its tasks is flagged, the recomputed one below."""
    cells: list[object] = [f"{row['model']}, {row['frames']}"]
    for group, tasks in GROUP_TASKS.items():
        cells += [printed(row["tasks"][task]) for task in tasks]
        cells.append(flagged(row, group))
    return [*cells, flagged(row, "total")]


def printed(value: float | None) -> str:
    """Two decimals as in the paper."""
    return DASH if value is None else f"{value:.2f}"


def flagged(row: Json, name: str) -> object:
    """The printed mean, with a flag and the recomputed one where they differ."""
    value = printed(row["printed"][name])
    if name not in row["flags"]:
        return value
    return join([value, " ⚑", tag("small", f"recomputed {printed(row['recomputed'][name])}")])


NOTHING: Json = {"tasks": {}, "groups": {}, "total": None}


def our_row(label: str, scores: Json | None, *, style: str = "") -> list[object]:
    """A row of ours from a score table, with intervals below the values where there are any."""
    cells: list[object] = [RowClass(style), label]
    found = scores or NOTHING
    intervals = found.get("intervals", NOTHING)
    for group, tasks in GROUP_TASKS.items():
        for task in tasks:
            accuracy = found["tasks"].get(task, {}).get("accuracy")
            cells.append(value_cell(accuracy, intervals["tasks"].get(task)))
        cells.append(value_cell(found["groups"].get(group), intervals["groups"].get(group)))
    return [*cells, value_cell(found["total"], intervals["total"])]


def value_cell(value: float | None, bounds: Sequence[float] | None) -> Html:
    """One decimal, the interval small below."""
    small = tag("small", f"{bounds[0]:.0f}{DASH}{bounds[1]:.0f}") if bounds else ""
    return join([number(value), small])


def our_rows(results: Json, column: str) -> list[list[object]]:
    """Ours on one column: points per task, models, controls of the served model, blind policies."""
    served = results["served"]["model"]
    first = results["models"][served]["ovo"][column]
    rows = [count_row(first["model"])]
    for name, entry in results["models"].items():
        if entry["ovo"]:
            style = "served" if name == served else ""
            rows.append(
                our_row(name + (" (served)" if style else ""), entry["ovo"][column]["model"], style=style)
            )
    rows.append(our_row(f"{served}, strict reading", first["strict"]))
    rows.append(our_row(f"{served}, answer forced", first["forced"]))
    rows.append(our_row(f"{served}, exchanged video", first["exchanged"], style="floor"))
    rows += [our_row(name.replace("_", " "), shown, style="floor") for name, shown in first["blind"].items()]
    return rows


def count_row(scores: Json) -> list[object]:
    """Scored points per task and group."""
    cells: list[object] = [RowClass("floor"), "scored points"]
    total = 0
    for tasks in GROUP_TASKS.values():
        counts = [scores["tasks"].get(task, {}).get("total", 0) for task in tasks]
        cells += [*counts, sum(counts)]
        total += sum(counts)
    return [*cells, total]


def group_chart(results: Json) -> Html:
    """The served model's groups against their rivals."""
    served = results["served"]
    column = results["models"][served["model"]]["ovo"][results["column"]]
    rows = [
        Row(title, colour_of(served["loss"]), cell["accuracy"], cell["interval"], cell["rivals"])
        for title, cell in ((title, column["comparison"][name]) for name, title in GROUP_TITLES.items())
    ]
    keys = "   ".join(f"{SYMBOLS[name]} {RIVAL_NAMES[name]}" for name in SYMBOLS)
    chart = interval_chart(rows, title=f"{served['model']} by group, percent")
    title = f"{served['model']}, percent right on {results['column']} points; bar: 95 % interval;  {keys}"
    return tag("div", figure(title, chart), class_="narrow")


def claims_table(claims: Sequence[Json]) -> Html:
    """Claims of the paper beside what its own tables give."""
    rows = [[claim["printed"], claim["recomputed"], "yes" if claim["holds"] else "⚑ no"] for claim in claims]
    return table(["as printed", "recomputed", "holds"], rows, class_="texts")


def ovo_section(results: Json) -> Html:
    """The whole section."""
    paper, titles = results["paper"], head()
    mains = [paper_row(row) for row in paper["ovo"] if row["model"] in MAIN_ROWS]
    rows = [
        Part("As printed in the paper, percent (2B to 7B models, OVO-Bench)"),
        *mains,
        Part(f"Here, percent of {results['column']} points"),
        *our_rows(results, results["column"]),
    ]
    others = [paper_row(row) for row in paper["ovo"] if row["model"] not in MAIN_ROWS]
    notes = [tag("li", f"{row['model']}: {row['note']}") for row in paper["ovo"] if row["note"]]
    folded = [details("the other printed rows of tables 2 and 11", table(titles, others))]
    if results["column"] != "naive":
        folded.append(details("ours on naive points", table(titles, our_rows(results, "naive"))))
    return section(
        "ovo",
        "OVO-Bench",
        paragraph(
            "The two blocks are different test sets and different model sizes: compare within a block, not "
            "across. Small figures are 95 % bootstrap intervals over matched sets. Grey rows see no frame, "
            "or the wrong video."
        ),
        table(titles, rows),
        *folded,
        details(
            "where printed figures do not hold together", claims_table(paper["claims"]), tag("ul", *notes)
        ),
        paragraph("⚑ a printed mean differs from its own tasks by more than 0.05.", class_="quiet"),
    )
