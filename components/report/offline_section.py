"""Offline benchmarks: tables 3 and 12 as printed, and what our models kept of the base's offline answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.cells import best_floor, difference_cell, printed, printed_mean, signed, value_cell
from components.report.html import DASH, Html, Part, RowClass, details, paragraph, section, table

Json = Mapping[str, Any]
BENCHMARKS = {
    "realtime": "OVO real-time",
    "backward": "OVO backward",
    "mvbench": "MVBench",
    "tempcompass": "TempCompass",
    "videomme": "VideoMME",
    "longvideobench": "LongVideoBench",
}
HEAD = ("model", "average, as printed", "recomputed", *BENCHMARKS.values())
OURS = ("offline questions", "before", "after", "after minus before", "points", "best floor")
GROUPS = {
    "frame": "one picture (OCR ACR ATR STU OJR)",
    "clip": "whole clip (EPM FPD HLD)",
    "order": "order (ASI)",
    "total": "mean of the groups",
}


def offline_section(results: Json) -> Html:
    """The whole section; a model without the suite is named."""
    parts = [
        table(HEAD, [printed_row(row) for row in results["paper"]["offline"]], caption="As printed, percent")
    ]
    for name, entry in results["models"].items():
        found = entry["offline"]
        if found:
            parts.append(table(OURS, list(our_rows(found)), caption=f"Here: {name}, percent, 95 % intervals"))
            parts.append(details(f"floors and tasks of {name}", task_table(found)))
    missing = [name for name, entry in results["models"].items() if not entry["offline"]]
    return section(
        "offline",
        "Offline benchmarks: what conversion kept",
        paragraph(
            "The paper's question is whether learning to stream costs offline skill. Its benchmarks are "
            "for 2B to 7B models. Ours is the same question on held-out clips of the embedded world: the "
            "base before conversion and the trained model after it get the same pictures and the same "
            "prompt. It shows whether these tiny models forgot, and nothing about the printed benchmarks."
        ),
        *parts,
        not_run(missing) if missing else "",
    )


def not_run(models: Sequence[str]) -> Html:
    """Which models have no such suite, and how to get it."""
    return paragraph(
        f"Suite offline was not run for {', '.join(models)}: list it under evaluate.suites in "
        "params.yaml. The printed benchmarks themselves are scored from a folder of answers by streamo "
        "score.",
        class_="quiet",
    )


def printed_row(row: Json) -> list[object]:
    """One printed model; the average recomputed from its six columns where all are printed."""
    cells = [printed(row["scores"][name], 1) for name in BENCHMARKS]
    mean = row["recomputed"]["average"]
    return [row["model"], printed_mean(row, "average", 1), printed(mean), *cells]


def our_rows(found: Json) -> Iterator[Sequence[object]]:
    """Each group, then the total: before, after, paired difference, points, best floor."""
    floors, retention = best_floor(found["floors"].values()), found["retention"]
    for group, title in GROUPS.items():
        paired = retention["total"] if group == "total" else retention["groups"].get(group)
        if paired is None or paired["difference"] is None:
            continue  # no question of this group among the held-out ones
        style = "served" if group == "total" else ""
        floor = floors["total"] if group == "total" else floors["groups"].get(group)
        cells = [
            value_cell(value_of(found[side], group), bounds_of(found[side], group))
            for side in ("before", "after")
        ]
        yield [RowClass(style), title, *cells, difference_cell(paired), paired["n"], printed(floor, 1)]


def value_of(scores: Json, group: str) -> float | None:
    """A group's score, or the total."""
    value: float | None = scores["total"] if group == "total" else scores["groups"].get(group)
    return value


def bounds_of(scores: Json, group: str) -> Sequence[float] | None:
    """The interval of the same."""
    bounds = scores["intervals"]
    found: Sequence[float] | None = bounds["total"] if group == "total" else bounds["groups"].get(group)
    return found


def task_table(found: Json) -> Html:
    """Tasks before and after, then every floor."""
    tasks = list(found["retention"]["tasks"])
    rows: list[Sequence[object]] = [
        ["before", *[value_cell(*task_cell(found["before"], task)) for task in tasks]],
        ["after", *[value_cell(*task_cell(found["after"], task)) for task in tasks]],
        ["after minus before", *[change_text(found["retention"]["tasks"][task]) for task in tasks]],
        ["points", *[found["retention"]["tasks"][task]["n"] for task in tasks]],
        Part("policies without eyes, and the wrong video"),
    ]
    for name, scores in found["floors"].items():
        cells = [printed(scores["tasks"].get(task, {}).get("accuracy"), 1) for task in tasks]
        rows.append([RowClass("floor"), name.replace("_", " "), *cells])
    return table(["", *tasks], rows)


def change_text(paired: Json) -> str:
    """The difference of a task, a dash where it has no question."""
    return DASH if paired["difference"] is None else signed(paired["difference"])


def task_cell(scores: Json, task: str) -> tuple[float | None, Sequence[float] | None]:
    """Accuracy and interval of a task."""
    return scores["tasks"].get(task, {}).get("accuracy"), scores["intervals"]["tasks"].get(task)
