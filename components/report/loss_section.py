"""The loss ablation: table 4 of the paper beside ours, scores at earlier steps, when the models speak."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.cells import value_cell
from components.report.findings import number
from components.report.html import (
    DASH,
    Html,
    Part,
    RowClass,
    paragraph,
    section,
    table,
)
from components.report.palette import family_title, method_title
from components.report.progress import response_table, steps_part

Json = Mapping[str, Any]
TASKS = ("REC", "SSR", "CRR")
HEAD = ["loss", "REC", "SSR", "SSR by span", "CRR", "CRR strict", "forward", "forward, naive"]


def loss_section(results: Json) -> Html:
    """The whole section."""
    rows: list[Sequence[object]] = [Part("As printed (table 4; forward is the mean of the three)")]
    rows += [paper_row(row) for row in results["paper"]["losses"]]
    rows.append(
        [RowClass("floor"), "always silent on OVO-Bench", *paper_floor(results["paper"]["always_silent"])]
    )
    ran = {name: entry for name, entry in results["models"].items() if entry["ovo"]}
    for family in results["ablation"]["families"]:
        where = f"{family_title(family)} architecture"
        rows.append(Part(f"Here, {where}, percent of {results['column']} points after the last step"))
        rows += [our_row(name, entry, results) for name, entry in ran.items() if entry["family"] == family]
    rows.append(Part("Here, policies that see no frame"))
    rows += floor_rows(results)
    return section(
        "losses",
        "The losses of table 4",
        paragraph(
            "SSR is read by the state at the test point, and beside it by the spoken span; CRR counts any "
            "Response by the point, strict only if none came before the clue. The paper does not say which "
            "reading it used."
        ),
        table(HEAD, rows),
        steps_part(ran, results["ablation"]),
        response_table(ran),
    )


def paper_row(row: Json) -> list[object]:
    """One printed loss of one base model."""
    cells = [f"{row[task]:.2f}" for task in TASKS]
    name = f"{row['base']}, {method_title(row['loss'])}"
    return [name, cells[0], cells[1], DASH, cells[2], DASH, f"{row['forward']:.2f}", DASH]


def paper_floor(floor: Json) -> list[object]:
    """The always-silent floor of the real benchmark, in the columns of `HEAD`."""
    return [
        f"{floor['REC']:.2f}",
        f"{floor['SSR']:.2f}",
        "",
        f"{floor['CRR']:.2f}",
        "",
        f"{floor['forward']:.2f}",
        "",
    ]


def our_row(name: str, entry: Json, results: Json) -> list[object]:
    """One of our models."""
    column = entry["ovo"][results["column"]]
    model, readings = column["model"], column["readings"] or {}
    served = name == results["served"]["model"]

    def reading(task: str, way: str) -> Html:
        cell = readings.get(task, {}).get(way, {})
        return value_cell(cell.get("accuracy"), cell.get("interval"))

    def task(name_: str) -> Html:
        return value_cell(
            model["tasks"].get(name_, {}).get("accuracy"), model["intervals"]["tasks"].get(name_)
        )

    return [
        RowClass("served" if served else ""),
        f"{name}, {method_title(entry['loss'])}" + (" (served)" if served else ""),
        task("REC"),
        task("SSR"),
        reading("SSR", "interval"),
        task("CRR"),
        reading("CRR", "strict"),
        value_cell(model["groups"]["forward"], model["intervals"]["groups"]["forward"]),
        number(entry["ovo"]["naive"]["model"]["groups"]["forward"]),
    ]


def floor_rows(results: Json) -> list[list[object]]:
    """The blind policies on the forward tasks."""
    entry = results["models"][results["served"]["model"]]["ovo"]
    rows: list[list[object]] = []
    for name, shown in entry[results["column"]]["blind"].items():
        cells = [number(shown["tasks"].get(task, {}).get("accuracy")) for task in TASKS]
        forward, naive = shown["groups"]["forward"], entry["naive"]["blind"][name]["groups"]["forward"]
        label = name.replace("_", " ")
        rows.append(
            [
                RowClass("floor"),
                label,
                cells[0],
                cells[1],
                DASH,
                cells[2],
                DASH,
                number(forward),
                number(naive),
            ]
        )
    return rows
