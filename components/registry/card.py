"""The model card of a version, in the conventions of the Hugging Face hub: YAML front matter, then prose."""

from collections.abc import Mapping
from typing import Any

import yaml

from components.registry.card_receipts import heldout, provenance, training

Json = Mapping[str, Any]
GROUPS = (("forward", "forward"), ("realtime", "real-time"), ("backward", "backward"), ("total", "total"))


def model_card(verdict: Json, results: Json, base: Json | None, receipts: Mapping[str, Json]) -> str:
    """The text of README.md.

    Args:
        verdict: the value of verdict.json.
        results: the value of the report's results.json.
        base: `reference.json` of a base from the hub; None for a base trained here from random weights.
        receipts: identity of every upstream product, by product.

    """
    head = yaml.safe_dump(front_matter(verdict, base), sort_keys=False, allow_unicode=True)
    about = [f"---\n{head}---", title(verdict), what(results, base), use(), data(results)]
    made = training(receipts, verdict["candidate"]["model"])
    worth = f"{scores(verdict)}\n{heldout(verdict['candidate']['heldout'])}"
    return "\n\n".join([*about, made, worth, limits(results), provenance(receipts)]) + "\n"


def front_matter(verdict: Json, base: Json | None) -> dict[str, Any]:
    """Hub metadata; scores appear under `model-index` with the set they were measured on."""
    groups = verdict["candidate"]["scores"]["groups"]
    metrics = [
        {"type": "accuracy", "name": f"{label}, percent", "value": groups[name]["accuracy"]}
        for name, label in GROUPS
        if name in groups
    ]
    f1 = verdict["candidate"]["scores"]["macro_f1"]["accuracy"]
    metrics.append({"type": "f1", "name": "macro F1 of states, validation split, percent", "value": f1})
    dataset = {"name": "this project's held-out streams", "type": "streamo-heldout"}
    index = {"task": {"type": "video-text-to-text"}, "dataset": dataset, "metrics": metrics}
    head: dict[str, Any] = {
        "license": "other" if base else "apache-2.0",
        "library_name": "transformers",
        "pipeline_tag": "video-text-to-text",
        "tags": ["streaming-video", "online-video-understanding", "streamo"],
    }
    if base:
        head["base_model"] = base["repository"]
    return head | {"model-index": [{"name": verdict["candidate"]["model"], "results": [index]}]}


def title(verdict: Json) -> str:
    """Name, decision and every check behind it."""
    lines = [
        f"- {('FAILED', 'passed')[check['passed']]}: {check['name'].replace('_', ' ')} ({check['detail']})"
        for check in verdict["checks"]
    ]
    head = f"# {verdict['candidate']['model']}\n\nDecision: **{verdict['decision']}**\n\n"
    return head + "\n".join(lines)


def what(results: Json, base: Json | None) -> str:
    """What the model is."""
    scale, served = results["scale"], results["served"]
    origin = (
        f"`{base['repository']}` at revision `{base['revision']}`"
        if base
        else "an offline model trained here"
    )
    size = results["models"][served["model"]]["parameters"]
    return (
        "## What it is\n\n"
        "A video language model that watches a stream one second a turn and decides in every turn whether to "
        f"stay silent, to stand by, or to respond. {size:,} parameters, converted from {origin} in "
        f"{scale['steps']} steps with the `{served['loss']}` loss (seed {served['seed']}), after Streaming "
        "Video Instruction Tuning (arXiv 2512.21334)."
    )


def use() -> str:
    """How to run it."""
    return (
        '## Use\n\n```\nstreamo stream --model <this folder> CLIP.mp4 --ask "what happens?" --json\n```\n\n'
        "`streamo.json` names the state tokens, the time tags and the window; the weights are safetensors."
    )


def data(results: Json) -> str:
    """What it was trained on."""
    facts, scale = results["dataset"], results["scale"]
    sources = ", ".join(f"{name} ({count})" for name, count in facts["sources"].items())
    licences = ", ".join(f"{name} ({count})" for name, count in facts["licences"].items())
    shares = " / ".join(
        f"{100 * facts['train_shares'][state]:.1f}" for state in ("silence", "standby", "response")
    )
    return (
        "## Data\n\n"
        f"{scale['samples']['train']} training streams, {scale['turns']['train']} turns; silence / standby / "
        f"response {shares} %. Sources by video: {sources}. Licences by video: {licences}. The split is by "
        "video; near-duplicates of held-out videos are excluded."
    )


def scores(verdict: Json) -> str:
    """Scores with intervals and what they must beat."""
    found = verdict["candidate"]["scores"]
    rows = ["| | percent | 95 % interval | controls |", "|---|---|---|---|"]
    for name, label in GROUPS:
        if name in found["groups"]:
            cell = found["groups"][name]
            rivals = ", ".join(
                f"{rival.replace('_', ' ')} {value}" for rival, value in cell["rivals"].items()
            )
            rows.append(
                f"| {label}, {found['column']} points | {cell['accuracy']} | {bounds(cell)} | {rivals} |"
            )
    f1 = found["macro_f1"]
    rows.append(f"| macro F1 of states, validation split | {f1['accuracy']} | {bounds(f1)} | |")
    return (
        "## Scores\n\n" + "\n".join(rows) + "\n\nThe served model was chosen on the validation split alone."
    )


def bounds(cell: Json) -> str:
    """`low to high`."""
    return f"{cell['interval'][0]} to {cell['interval'][1]}" if cell["interval"] else ""


def limits(results: Json) -> str:
    """What must not be expected."""
    lines = [line["text"] for line in results["findings"] if line["verdict"] != "reproduced"]
    small = (
        "A tiny model: it knows nothing outside the kind of videos it was trained on."
        if is_tiny(results)
        else ""
    )
    return "## Limits, and what was not reproduced\n\n" + "\n".join(
        f"- {line}" for line in [*([small] if small else []), *lines]
    )


def is_tiny(results: Json) -> bool:
    """Whether this is a model of laptop scale."""
    return bool(results["scale"]["parameters"] < 100_000_000)
