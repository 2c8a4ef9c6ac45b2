"""The table of losses as files to commit: `python -m components.report.export --out docs/results`.

Reads a report's results.json and writes `losses.md`, `losses.json` and the learning curves as SVG. The same
results give the same bytes.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError, exit_code
from components.core.files import read_json, write_json, write_text
from components.report.ablation import GROUPS
from components.report.ablation_section import printed_forward
from components.report.ablation_text import steps_text
from components.report.export_svg import panels
from components.report.findings import CONTROL_NAMES, number, span
from components.report.html import DASH
from components.report.palette import PAPER_BASES, family_title, method_title

Json = Mapping[str, Any]
SPEECH = ("recall", "precision", "f1", "false_alarms_per_quiet_minute")
HEAD = (
    "loss", "forward", "real-time", "backward", "macro F1", "Response recall", "precision", "F1",
    "false alarms a quiet minute", "speaks from step", "paper, forward",
)  # fmt: skip


def export(results: Json, out: Path) -> list[Path]:
    """Write the files into `out`; returns them. DataError where the results have no table of losses."""
    if "ablation" not in results:
        raise DataError("these results hold no table of losses: run the report stage again")
    drawn = panels(results)
    files = {out / f"losses-{name}.svg": text for name, text in drawn.items()}
    files[out / "losses.md"] = markdown(results, list(drawn))
    for path, text in files.items():
        write_text(path, text)
    write_json(out / "losses.json", {"schema": 1, "scale": results["scale"], **results["ablation"]})
    return [*files, out / "losses.json"]


def markdown(results: Json, curves: Sequence[str]) -> str:
    """The page; `curves` are names of panels beside it."""
    shown = results["ablation"]
    parts = ["# The losses compared", scale_text(results), "## What the numbers say"]
    parts.append("\n".join(f"- {line}" for line in shown["says"]))
    for family in shown["families"]:
        parts += [f"## {family_title(family)} architecture", "\n".join(family_table(results, family))]
        names = [name for name in curves if name.startswith(f"{family}-")]
        parts += [f"![learning curves, {name}](losses-{name}.svg)" for name in names]
    parts += ["## How to read it", READING, "## Made of", made_of(results)]
    return "\n\n".join(parts) + "\n"


READING = (
    "Percent of time-matched points of this project's own synthetic held-out set, not of OVO-Bench: the mean "
    "over seeds, in brackets the joint 95 % interval (the lowest and the highest bound of the runs, clips "
    "resampled), then each seed. Macro F1 is that of the three states; recall, precision, F1 and false "
    "alarms are those of Response. These are free-running on the validation split: the model hears its own "
    "answers. A model speaks from the first step after which its F1 of Response on a small teacher-forced "
    "slice stays at 50 % or above. The last column is what the paper prints (table 4) for the same "
    f"architecture at 2B or 3B on the real OVO-Bench, {DASH} where it prints none: another model, another "
    "test set, no comparison. Rows in italics see no frame, or another clip's."
)


def scale_text(results: Json) -> str:
    """What ran, and that it is tiny."""
    scale, shown = results["scale"], results["ablation"]
    seeds = ", ".join(str(seed) for seed in shown["seeds"])
    tiny = "A tiny model, so nothing here is a result about 2B to 7B models. " if is_tiny(scale) else ""
    return (
        f"{tiny}{len(shown['families'])} famil{'ies' if len(shown['families']) > 1 else 'y'}, "
        f"{len(shown['losses'])} losses, n = {len(shown['seeds'])} (seed {seeds}); at most "
        f"{scale['parameters']:,} parameters, {scale['steps']} steps, {scale['samples']['train']:,} streams "
        f"({scale['turns']['train']:,} turns). The test set's questions, the data and everything before "
        "training are the same for all."
    )


def is_tiny(scale: Json) -> bool:
    """Whether this is a model of laptop scale."""
    return bool(scale["parameters"] < 100_000_000)


def family_table(results: Json, family: str) -> Iterator[str]:
    """The rows of one family as Markdown, then its controls."""
    shown = results["ablation"]
    base = PAPER_BASES.get(family)
    yield f"| {' | '.join(HEAD)}{f' ({base})' if base else ''} |"
    yield "|" + "---|" * len(HEAD)
    for row in shown["rows"]:
        if row["family"] == family:
            cells = [cell_text(row["groups"][group]) for group in GROUPS]
            cells += [cell_text(row["macro_f1"]), *[cell_text(row["speech"][name]) for name in SPEECH]]
            cells += [steps_text(row["speaks_from"]), printed_forward(row, results["paper"]["losses"])]
            yield f"| {method_title(row['loss'])} | {' | '.join(cells)} |"
    for name, title in CONTROL_NAMES.items():
        values = [shown["controls"][family][group].get(name) for group in GROUPS]
        if any(value is not None for value in values):
            rest = [""] * (len(HEAD) - 1 - len(values))
            yield f"| *{title}* | {' | '.join([*map(number, values), *rest])} |"


def cell_text(cell: Json | None) -> str:
    """`56.4 [51.8, 61.2] (55.0, 57.8)`: the mean, its interval, the seeds."""
    if cell is None:
        return DASH
    seeds = ", ".join(number(value) for value in cell["values"])
    return f"{number(cell['mean'])}{span(cell['interval'])}" + (
        f" ({seeds})" if len(cell["values"]) > 1 else ""
    )


def made_of(results: Json) -> str:
    """Fingerprints of the receipts of the runs."""
    rows = ["| product | receipt |", "|---|---|"]
    wanted = ("artifacts/dataset", "models/")
    rows += [
        f"| {row['product']} | `{row['fingerprint'][:16]}` |"
        for row in results["lineage"]
        if row["product"].startswith(wanted)
    ]
    return "\n".join(rows)


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(prog="python -m components.report.export", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("artifacts/report/results.json"))
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for path in export(read_json(args.results), args.out):
        print(path)


if __name__ == "__main__":
    sys.exit(exit_code("report export", main))
