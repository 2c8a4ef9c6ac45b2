"""The dataset card (README.md inside the product), by the conventions of the Hugging Face hub."""

from typing import Any

import yaml

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
TEXT = """
# Streaming video dialogues

One row is one second (turn) of one sample: a video watched turn by turn, a question asked on the way, and in
every turn one of three states. `silence`: nothing relevant. `standby`: the relevant event has begun and is
not complete. `response`: it is complete, and `text` says what.

{splits}

## States and tasks

{tasks}

## Columns

`sample_id`, `video_id` (path of the clip below the media root), `video_duration_s`, `task`, `source`, `turn`,
`start_s`, `end_s` (seconds from the first frame), `question` (the questions asked on this turn), `state`,
`text` (null unless the state is `response`). `events.parquet` holds the spans the responses tell of.

## How it was made

Labels were turned into turns by fixed rules of time and passed the gate (state shares, contiguous time, one
state a turn, text exactly on responses, no response before its question). Videos of the same content, equal
files or pictures that nearly agree in every second, stand on one side of the split together.

{excluded}

Licences of the videos: {licences}. Sources: {sources}.
"""


def render_card(summary: dict[str, Any]) -> str:
    """The card: YAML header for the hub, then the numbers of `summary.json` in words."""
    samples = sum(side["samples"] for side in summary["splits"].values())
    licences = [name for name in summary["licences"] if name != "unknown"]
    files = [{"split": side, "path": f"{side}/*.parquet"} for side in summary["splits"]]
    header = {
        "pretty_name": "Streaming video dialogues",
        "license": licences[0].lower() if len(licences) == len(summary["licences"]) == 1 else "other",
        "task_categories": ["video-text-to-text"],
        "tags": ["streaming-video", "instruction-tuning"],
        "size_categories": [next((word for bound, word in SIZES if samples < bound), "n>1M")],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    body = TEXT.format(
        splits=_splits(summary),
        tasks=_tasks(summary),
        excluded=_excluded(summary),
        licences=_counts(summary["licences"]),
        sources=_counts(summary["sources"]),
    )
    return f"---\n{yaml.safe_dump(header, sort_keys=False)}---\n{body}"


def _splits(summary: dict[str, Any]) -> str:
    rows = ["| split | videos | seconds of video | samples | turns |", "|---|---|---|---|---|"]
    for name, side in summary["splits"].items():
        rows.append(
            f"| {name} | {side['videos']} | {side['seconds']:.0f} | {side['samples']} | {side['turns']} |"
        )
    return "\n".join(rows)


def _tasks(summary: dict[str, Any]) -> str:
    rows = [
        "| split | task | samples | turns | silence % | standby % | response % |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, side in summary["splits"].items():
        for task, entry in [("all", side), *side["tasks"].items()]:
            shares = " | ".join(f"{100 * share:.1f}" for share in entry["shares"].values())
            rows.append(f"| {name} | {task} | {entry['samples']} | {entry['turns']} | {shares} |")
    return "\n".join(rows)


def _excluded(summary: dict[str, Any]) -> str:
    if not summary["excluded"]:
        return "No video was excluded."
    rows = [
        f"- `{reason}`: {entry['videos']} videos with {entry['samples']} samples"
        for reason, entry in summary["excluded"].items()
    ]
    return "\n".join(["Excluded, so that no benchmark video is trained on:", "", *rows])


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items()) or "none"
