"""Timing policies on one base beside each other: states, end of sequence, a head, an external module."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.ablation import over_seeds
from components.report.cells import mean_cell, value_cell
from components.report.findings import number
from components.report.html import DASH, Html, Part, RowClass, paragraph, section, table
from components.report.palette import RIVALS, family_title, method_title
from components.report.states_section import COMMAND

Json = Mapping[str, Any]
RATES = ("f1", "precision", "recall", "false_alarms_per_quiet_hour", "delay_turns", "missed")
HEAD = (
    "when it speaks",
    "macro F1 of states",
    "Response F1",
    "precision",
    "recall",
    "false alarms a quiet hour",
    "mean delay, turns",
    "missed, percent",
    "due turns",
    "forward",
    "best floor",
    "seeds",
)


def rivals_section(results: Json) -> Html:
    """The table, and what it can and cannot say."""
    rows = list(rival_rows(results))
    trained = {row["loss"] for row in results["ablation"]["rows"]} & set(RIVALS)
    absent = [RIVALS[name] for name in RIVALS if name not in trained]
    note = f"Not trained in this run: {', '.join(absent)}. " if absent else ""
    if not any(entry["policies"] for entry in results["models"].values()):
        note += "Suite policies (polling, the last four turns, each state always) was not run. "
    if note:
        note += f"{COMMAND} runs profile full, which has them, on a clone."
    return section(
        "rivals",
        "Other ways to decide when to speak",
        paragraph(
            "Every row starts from the same base, the same streams and the same steps; only what decides "
            "to speak differs. Precision, recall, delay and false alarms are of Responses on the "
            "validation split, by time alone; forward is percent of the test set's forward points. It is "
            "a comparison of policies at this size, not of the published systems that use them: those "
            "differ in base, data and size."
        ),
        table(HEAD, rows),
        paragraph(note, class_="quiet") if note else "",
    )


def rival_rows(results: Json) -> Iterator[Sequence[object]]:
    """A row for each method of each family, then the blind policies."""
    shown, speech = results["ablation"], results["plots"]["speech"]
    for family in shown["families"]:
        yield Part(f"{family_title(family)} architecture")
        floor = max(shown["controls"][family]["forward"].values(), default=None)
        for row in shown["rows"]:
            if row["family"] == family:
                points = [speech["runs"][f"{family}-{row['loss']}-{seed}"] for seed in row["seeds"]]
                yield method_row(row, points, floor)
    first = shown["controls"][shown["families"][0]]["forward"]
    yield from watched_rows(results, max(first.values(), default=None))
    yield Part("policies that see no frame")
    for name, cell in speech["blind"].items():
        rates = [number(cell[rate]) for rate in RATES]
        yield [RowClass("floor"), name, DASH, *rates, cell["due"], DASH, DASH, DASH]


def watched_rows(results: Json, floor: float | None) -> Iterator[Sequence[object]]:
    """Suite `policies` of every run that has it: timings without training, with the model's own answers."""
    for name, entry in results["models"].items():
        if entry["policies"]:
            yield Part(f"not trained for, watched with {name} (polling: with the base)")
            for policy, found in entry["policies"]["policies"].items():
                yield policy_row(policy, found, results["column"], floor, entry["seed"])


def policy_row(policy: str, found: Json, column: str, floor: float | None, seed: int) -> list[object]:
    """One policy of one run."""
    scores, ovo = found["validation"], found["ovo"]
    said = scores["responses"]
    rates = [number(said[rate]) for rate in ("f1", "precision", "recall", "false_alarms_per_quiet_hour")]
    late = number(said["delay_turns"]["mean"] if said["delay_turns"] else None)
    missed = number(100 * (said["due"] - said["answered"]) / said["due"] if said["due"] else None)
    forward: object = DASH
    if ovo:
        table_ = ovo["columns"][column]["model"]
        forward = value_cell(table_["groups"]["forward"], table_["intervals"]["groups"]["forward"])
    macro = value_cell(scores["macro_f1"], scores["macro_f1_interval"])
    return [policy.replace("_", " "), macro, *rates, late, missed, said["due"], forward, number(floor), seed]


def method_row(row: Json, points: Sequence[Json], floor: float | None) -> list[object]:
    """Means over seeds with joint intervals, each seed below; `floor`: the best control on forward points."""
    rates = [
        over_seeds([one[rate] for one in points], [one["intervals"].get(rate) for one in points])
        for rate in RATES
    ]
    cells = [mean_cell(row["macro_f1"]), *[mean_cell(rate) for rate in rates], points[0]["due"]]
    seeds = ", ".join(str(seed) for seed in row["seeds"])
    return [method_title(row["loss"]), *cells, mean_cell(row["groups"]["forward"]), number(floor), seeds]
