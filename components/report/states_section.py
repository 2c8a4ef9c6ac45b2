"""Ablations beside the losses: three states against two (table 7), data in three arms, frames a second."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.cells import printed, printed_mean, value_cell
from components.report.findings import number
from components.report.html import DASH, Html, Part, RowClass, paragraph, section, table
from components.report.ovo_rows import our_row, paper_row, totals_head
from components.report.palette import GROUP_TITLES, method_title

Json = Mapping[str, Any]
GROUPS = ("realtime", "backward", "forward")
HEAD = ("model", *(GROUP_TITLES[group] for group in GROUPS), "total", "recomputed", "forward grounding, mIoU")
TWO_STATES = "eos"
COMMAND = "python -m infra.ablation full FOLDER"
ARMS = (
    ("grounding and captions only", ("ET-Instruct-3B",)),
    ("the same with offline QA", ("ET-Instruct-3B+LLaVA-Video",)),
    ("the full mix", ("Streamo-3B",)),
)


def states_section(results: Json) -> Html:
    """Table 7 and ours, where a run with two states was trained."""
    rows: list[Sequence[object]] = [Part("As printed (table 7, OVO-Bench and Streamo-Bench)")]
    rows += [printed_row(row) for row in results["paper"]["states"]]
    two = [entry for entry in results["models"].values() if entry["loss"] == TWO_STATES]
    if two:
        rows.append(Part(f"Here, percent of {results['column']} points"))
        rows += list(our_rows(results))
    note = (
        "The rival says nothing by ending its turn: it has no Standby. Both are trained on the same "
        "streams; table 7 is of 3B models on the real benchmarks."
        if two
        else f"No run with two states ({TWO_STATES} in train.methods) is here: {COMMAND} trains rivals."
    )
    return section("states", "Three states against two", paragraph(note), table(HEAD, rows))


def printed_row(row: Json) -> list[object]:
    """One printed model of table 7."""
    cells = [printed(row[group]) for group in GROUPS]
    means = [printed_mean(row, "total"), printed(row["recomputed"]["total"])]
    return [row["model"], *cells, *means, printed(row["forward_grounding"], 1)]


def our_rows(results: Json) -> Iterator[Sequence[object]]:
    """Every run of the served method and of the rival with two states."""
    wanted = {results["served"]["loss"], TWO_STATES}
    for name, entry in results["models"].items():
        if entry["loss"] in wanted and entry["ovo"]:
            scores = entry["ovo"][results["column"]]["model"]
            cells = [
                value_cell(scores["groups"].get(g), scores["intervals"]["groups"].get(g)) for g in GROUPS
            ]
            total = value_cell(scores["total"], scores["intervals"]["total"])
            title = f"{name}, {method_title(entry['loss'])}"
            yield [title, *cells, total, DASH, number(grounding(entry))]


def grounding(entry: Json) -> float | None:
    """Forward grounding of the Streamo-Bench suite, None where it was not run."""
    found = entry["streamo_bench"]
    value: float | None = found and found["kinds"].get("forward_grounding", {}).get("miou")
    return value


def arms_section(results: Json) -> Html:
    """What the printed tables say of data and of frames a second; ours are runs of their own."""
    by_name = {(row["model"], row["frames"]): row for row in results["paper"]["ovo"]}
    rows: list[Sequence[object]] = [Part("Data, as printed (table 2, 3B models, 1 fps)")]
    for title, names in ARMS:
        rows += [named(paper_row(by_name[name, "1fps"]), title) for name in names]
    rows.append(Part("Frames a second at test time, as printed (table 2, Streamo-7B)"))
    rows += [
        named(paper_row(by_name["Streamo-7B", frames]), frames.rstrip("*")) for frames in ("1fps", "2fps*")
    ]
    doubled = [(name, entry) for name, entry in results["models"].items() if entry["fps2"] and entry["ovo"]]
    if doubled:
        rows.append(Part(f"Here, percent of {results['column']} points, at 1 and at 2 frames a second"))
    for name, entry in doubled:
        rows.append(our_row(f"1fps: {name}", entry["ovo"][results["column"]]["model"]))
        rows.append(our_row(f"2fps: {name}", entry["fps2"]["ovo"]["columns"][results["column"]]["model"]))
    return section(
        "arms",
        "Data in three arms, and frames a second",
        paragraph(
            "ET-Instruct-164K holds grounding and captions, LLaVA-Video offline questions. Each of our "
            "arms is a training of its own and no part of this run: python -m infra.ablation data FOLDER "
            "(fps FOLDER for frames a second) makes them on a clone and writes tables with intervals."
        ),
        table(totals_head(), rows),
    )


def named(row: Sequence[object], title: str) -> list[object]:
    """The row with what distinguishes its arm in front of the model."""
    first = row[1:] if isinstance(row[0], RowClass) else row
    return [f"{title}: {first[0]}", *first[1:]]
