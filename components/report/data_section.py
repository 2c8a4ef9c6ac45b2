"""The dataset, the gate and the receipts."""

from collections.abc import Mapping
from typing import Any

from components.report.html import (
    DASH,
    Html,
    RowClass,
    details,
    figure,
    legend,
    paragraph,
    section,
    table,
    tag,
)
from components.report.palette import STATE_COLOURS
from components.report.svg import INK, svg, text

Json = Mapping[str, Any]
BAR_WIDTH, BAR_LEFT, BAR_ROW = 640, 150, 24


def dataset_section(results: Json) -> Html:
    """State shares against the paper's ratio, tasks, splits and everything set aside."""
    facts, paper = results["dataset"], results["paper"]
    ratio = paper["state_ratio"]
    whole = sum(ratio.values())
    bars = {"paper, 12 : 3 : 2": {state: part / whole for state, part in ratio.items()}}
    bars["training turns"] = facts["train_shares"]
    bars |= {task.replace("_", " "): cell for task, cell in facts["tasks"].items()}
    return section(
        "dataset",
        "Dataset",
        paragraph(split_sentence(facts)),
        legend([(state, colour) for state, colour in STATE_COLOURS.items()]),
        figure(
            "share of each state over the turns, all and by task, percent",
            tag("div", share_bars(bars), class_="bars"),
        ),
        details("samples by task", task_table(facts["tasks"], paper["task_shares"])),
        details("set aside, with reasons", quarantine_table(facts)),
    )


def split_sentence(facts: Json) -> str:
    """How much there is on each side."""
    parts = [
        f"{name}: {side['samples']} samples, {side['turns']} turns of {side['videos']} videos"
        for name, side in facts["splits"].items()
    ]
    corpus = facts["corpus"]
    usable = f"{corpus['usable']} of {corpus['files']} files usable, {corpus['duration_s'] / 3600:.2f} h"
    return f"{usable}. {'; '.join(parts)}."


def share_bars(bars: Mapping[str, Json]) -> Html:
    """One stacked bar a row, percent inside where there is room."""
    parts: list[Html] = []
    for number, (name, shares) in enumerate(bars.items()):
        y = number * BAR_ROW
        parts.append(text(BAR_LEFT - 8, y + 14, name, anchor="end", colour=INK))
        x = float(BAR_LEFT)
        for state, colour in STATE_COLOURS.items():
            width = (BAR_WIDTH - BAR_LEFT) * shares[state]
            parts.append(tag("rect", x=round(x, 1), y=y + 2, width=round(width, 1), height=16, fill=colour))
            if shares[state] > 0.05:
                ink = "#ffffff" if state == "response" else "#1e293b"
                parts.append(text(x + width / 2, y + 14, f"{100 * shares[state]:.1f}", colour=ink))
            x += width
    return svg("state shares", BAR_WIDTH, BAR_ROW * len(bars), *parts)


def task_table(tasks: Json, paper: Json) -> Html:
    """Samples per task beside the paper's shares."""
    rows = [
        [task.replace("_", " "), cell["samples"], f"{cell['percent']:.1f}", paper_share(paper, task)]
        for task, cell in tasks.items()
    ]
    return table(["task", "training samples", "percent", "paper, percent"], rows)


def paper_share(paper: Json, task: str) -> str:
    """The printed share of a task, a dash for a task the paper does not have."""
    return f"{paper[task]:.1f}" if task in paper else DASH


def quarantine_table(facts: Json) -> Html:
    """Counts by product and reason; a product that set nothing aside is named with 0."""
    rows: list[list[object]] = []
    for product, reasons in facts["quarantines"].items():
        rows += [[product, reason.replace("_", " "), count] for reason, count in reasons.items()] or [
            [product, "nothing", 0]
        ]
    return table(["product", "reason", "rows"], rows, class_="texts")


def gate_section(results: Json) -> Html:
    """The verdict of the gate, rule by rule."""
    gate = results["gate"]
    rules = gate["rules"]
    checked = {name: rule for name, rule in rules.items() if rule["passed"] is not None}
    passed = sum(bool(rule["passed"]) for rule in checked.values())
    verdict = "passed" if gate["success"] else "failed"
    rows = [
        [
            RowClass("" if rule["passed"] is not None else "floor"),
            name.replace("_", " "),
            rule_word(rule),
            rule["failed"],
        ]
        for name, rule in rules.items()
    ]
    return section(
        "gate",
        "Gate",
        paragraph(
            f"{verdict}: {passed} of {len(checked)} rules over {gate['rows']} turns. "
            "Great Expectations Data Docs are rebuilt from the stored result by ",
            tag("code", "make docs"),
            ".",
        ),
        details("every rule", table(["rule", "verdict", "failing rows"], rows, class_="texts")),
    )


def rule_word(rule: Json) -> str:
    """`passed`, `failed` or `not checked`."""
    return "not checked" if rule["passed"] is None else "passed" if rule["passed"] else "failed"


def lineage_section(results: Json) -> Html:
    """Fingerprints of the receipts of everything this page was made from."""
    rows = [
        [row["product"], row["stage"], tag("code", row["fingerprint"][:16]), row["inputs"], row["code_files"]]
        for row in results["lineage"]
    ]
    return section(
        "lineage",
        "Lineage",
        paragraph(
            "The fingerprint is the SHA-256 of a product's ",
            tag("code", "identity.json"),
            " (inputs, code, parameters, seed, library versions). ",
            tag("code", "streamo audit"),
            " walks them back to the raw bytes.",
        ),
        details(
            f"{len(rows)} receipts",
            table(["product", "stage", "fingerprint", "inputs", "code files"], rows, class_="texts"),
        ),
    )
