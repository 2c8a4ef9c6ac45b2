"""The dataset card (README.md inside the product), by the conventions of the Hugging Face hub.

Header fields: https://github.com/huggingface/hub-docs/blob/main/datasetcard.md. Sections follow the hub's
template; every figure comes from summary.json.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from components.dataset.card_made import made
from components.dataset.card_tables import table
from components.dataset.croissant import CITE, Publication
from components.dataset.labelled import machines
from components.dataset.licences import hub_header
from components.dataset.plots import TITLES

Json = Mapping[str, Any]
SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
)
INTRODUCTION = """
One row is one second (turn) of one sample: a video watched turn by turn, a question asked on the way, and in
every turn one of three states. `silence`: nothing relevant. `standby`: the relevant event has begun and is
not complete. `response`: it is complete, and `text` says what. Videos are not included: `video_id` is a path
below your own media root, and `videos.parquet` names the SHA-256 of the file that is meant.
"""
STRUCTURE = """
| file | holds |
|---|---|
| `train/*.parquet`, `validation/*.parquet` | turns: `sample_id`, `video_id`, `video_duration_s`, `task`, `source`, `turn`, `start_s`, `end_s` (seconds from the first frame), `question` (those asked on this turn), `state`, `text` (null unless the state is `response`) |
| `events.parquet` | the spans the responses tell of: `sample_id`, `start_s`, `end_s`, `text`, `question_turn` |
| `videos.parquet` | every video: `video_id`, `split`, `duration_s`, `source`, `licence`, `sha256` |
| `split.json`, `quarantine.json`, `summary.json` | the split by video, the videos left out with reasons, every count of this card |
| `croissant.json` | the same for machines (Croissant 1.1), with the SHA-256 of each file |
"""  # noqa: E501 - rows of a Markdown table
LIMITS = """
States and times are only as good as the labels: see the table of teachers and reviews above. The state of a
turn says what a label implies for that second, not what a viewer would want to hear. Shares that differ from
the paper's are shown, not mended. Videos keep the licence of their owners.
"""


def render_card(summary: Json, about: Publication) -> str:
    """The card: YAML header for the hub, then the numbers of `summary.json` in words and tables."""
    parts = [
        f"# {about.name}\n{INTRODUCTION}",
        splits(summary["splits"]),
        "## Structure\n" + STRUCTURE,
        states(summary["splits"]),
        composition(summary["composition"]),
        origin(summary["origins"]),
        made(summary),
        "## Limits\n" + LIMITS,
        f"## Citation\n\n```bibtex\n{CITE}\n```\n",
    ]
    head = yaml.safe_dump(header(summary, about), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n" + "\n".join(parts)


def header(summary: Json, about: Publication) -> dict[str, Any]:
    """The fields the hub reads."""
    turns = sum(side["turns"] for side in summary["splits"].values())
    shards = [{"split": side, "path": f"{side}/*.parquet"} for side in summary["splits"]]
    people = bool(summary["reviews"].get("verdicts"))
    creators = ["machine-generated"] * bool(machines(summary["annotations"])) + ["expert-generated"] * people
    return {
        "pretty_name": about.name,
        "language": [about.language],
        **hub_header(list(summary["licences"])),
        "annotations_creators": creators or ["found"],
        "task_categories": ["video-text-to-text"],
        "tags": ["streaming-video", "instruction-tuning"],
        "size_categories": [next((word for bound, word in SIZES if turns < bound), "1B<n<10B")],
        "configs": [
            {"config_name": "turns", "default": True, "data_files": shards},
            {"config_name": "events", "data_files": "events.parquet"},
            {"config_name": "videos", "data_files": "videos.parquet"},
        ],
    }


def licence_file(summary: Json) -> str:
    """LICENSE.md: which licence holds for which videos; the header links to it where no single one holds."""
    rows = [[row["licence"], row["source"], row["videos"]] for row in summary["origins"]]
    return (
        "# Licences\n\nThe videos are not part of this dataset; each keeps the licence its owner gave it. "
        "`videos.parquet` says it video by video.\n\n" + table(["licence", "source", "videos"], rows)
    )


def splits(sides: Json) -> str:
    """Videos, seconds, samples and turns of each side."""
    rows = [
        [name, side["videos"], f"{side['seconds']:.0f}", side["samples"], side["turns"]]
        for name, side in sides.items()
    ]
    return table(["split", "videos", "seconds of video", "samples", "turns"], rows)


def states(sides: Json) -> str:
    """State shares by split and task."""
    rows = [
        [
            name,
            task,
            entry["samples"],
            entry["turns"],
            *(f"{100 * one:.1f}" for one in entry["shares"].values()),
        ]
        for name, side in sides.items()
        for task, entry in [("all", side), *side["tasks"].items()]
    ]
    head = ["split", "task", "samples", "turns", "silence %", "standby %", "response %"]
    return "## States and tasks\n\n" + table(head, rows)


def composition(found: Json) -> str:
    """Tasks, durations and states beside the paper's, as tables and plots."""
    what = {"tasks": ("task", "samples"), "durations": ("duration", "videos"), "states": ("state", "turns")}
    parts = ["## Composition beside the paper's\n\nThe paper is Streamo-Instruct-465K (arXiv 2512.21334).\n"]
    for name, (first, counted) in what.items():
        rows = [
            [part["name"], part["n"], f"{part['percent']:.1f}", percent(part["paper_percent"])]
            for part in found[name]
        ]
        parts.append(table([first, counted, "percent", "paper, percent"], rows))
        parts.append(f"![{TITLES[name]}](plots/{name}.svg)\n")
    return "\n".join(parts)


def percent(value: float | None) -> str:
    """One decimal; `-` where the paper has no such part."""
    return "-" if value is None else f"{value:.1f}"


def origin(rows: Sequence[Json]) -> str:
    """Videos and seconds by source and licence."""
    cells = [[row["source"], row["licence"], row["videos"], f"{row['seconds']:.0f}"] for row in rows]
    return "## Source and licence of the videos\n\n" + table(
        ["source", "licence", "videos", "seconds of video"], cells
    )
