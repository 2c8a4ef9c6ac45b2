"""results.txt: the plain table that `make reproduce` prints at its end."""

from collections.abc import Mapping
from typing import Any

from components.report.findings import number, span

Json = Mapping[str, Any]
GROUPS = (("forward", "forward"), ("realtime", "real-time"), ("backward", "backward"), ("total", "total"))


def plain_text(results: Json) -> str:
    """The table with findings, at most about 110 characters wide."""
    served = results["served"]
    lines = [
        f"served: {served['model']} ({served['metric']} {number(served['value'])} on the validation split)",
        "",
    ]
    lines += ovo_lines(results) if results["ovo_ran"] else validation_lines(results)
    lines += ["", results["in_short"], "", *results["ablation"]["says"], ""]
    lines += [f"{line['verdict']:>14}  {line['text']}" for line in results["findings"]]
    return "\n".join(lines) + "\n"


def ovo_lines(results: Json) -> list[str]:
    """Group scores with intervals per model, then the served model's controls."""
    column = results["column"]
    lines = [f"{f'percent, {column} points':24}" + "".join(f"{title:>22}" for _, title in GROUPS)]
    for name, entry in results["models"].items():
        if entry["ovo"]:
            lines.append(score_line(name, entry["ovo"][column]["model"]))
    first = results["models"][results["served"]["model"]]["ovo"][column]
    if first["exchanged"]:
        lines.append(score_line("exchanged video", first["exchanged"]))
    lines += [score_line(name.replace("_", " "), shown) for name, shown in first["blind"].items()]
    for row in results["paper"]["ovo"]:
        if row["model"] in ("Streamo-3B", "Streamo-7B") and row["frames"] == "1fps":
            printed = [number(row["printed"][group]) for group, _ in GROUPS]
            label = f"paper, {row['model']}"
            lines.append(f"{label:24}" + "".join(f"{cell:>22}" for cell in printed))
    return lines


def score_line(name: str, scores: Json) -> str:
    """One row: group scores and the total, with intervals where there are any."""
    intervals = scores.get("intervals") or {"groups": {}, "total": None}
    cells = []
    for group, _ in GROUPS:
        value = scores["total"] if group == "total" else scores["groups"][group]
        bounds = intervals["total"] if group == "total" else intervals["groups"].get(group)
        cells.append(f"{number(value)}{span(bounds)}")
    return f"{name:24}" + "".join(f"{cell:>22}" for cell in cells)


def validation_lines(results: Json) -> list[str]:
    """Macro F1 and recalls per model where no test suite was run."""
    lines = ["no OVO-Bench suite was run on this corpus; validation split:"]
    for name, entry in results["models"].items():
        scores = entry["validation"]
        recalls = ", ".join(f"{state} {number(cell['recall'])}" for state, cell in scores["states"].items())
        macro = f"{number(scores['macro_f1'])}{span(scores['macro_f1_interval'])}"
        lines.append(f"{name:24}macro F1 {macro}; recall {recalls}")
    return lines
