"""Sentences that say what was and was not reproduced, generated from the numbers alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.html import DASH
from components.report.inputs import ModelRun

GROUP_NAMES = {"forward": "Forward", "realtime": "Real-time", "backward": "Backward", "total": "In total"}
RIVAL_NAMES = {"best_blind": "best blind policy", "clock": "clock", "exchanged": "exchanged video"}
REPRODUCED, NOT_REPRODUCED, NOT_RUN = "reproduced", "not reproduced", "not run"
NOT_RUN_HERE = (
    "absolute scores of the 2B to 7B models, offline benchmarks (MVBench, TempCompass, VideoMME, "
    "LongVideoBench), "
    "Streamo-Bench, three states against end-of-sequence only, data ablations, 2 fps at test time"
)


def finding(verdict: str, text: str) -> dict[str, str]:
    """One line of the list on the page."""
    return {"verdict": verdict, "text": text}


def number(value: float | None) -> str:
    """One decimal, a dash for nothing."""
    return DASH if value is None else f"{value:.1f}"


def span(interval: Sequence[float] | None) -> str:
    """` [low, high]`, nothing where there is no interval."""
    return f" [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else ""


def group_finding(name: str, cell: Mapping[str, Any]) -> dict[str, str]:
    """Whether the served model's lower bound is above every rival in one group of matched points."""
    rivals = ", ".join(f"{RIVAL_NAMES[key]} {number(value)}" for key, value in cell["rivals"].items())
    score = f"{GROUP_NAMES[name]} {number(cell['accuracy'])}{span(cell['interval'])}"
    if cell["exceeds"]:
        return finding(REPRODUCED, f"{score}: the lower bound is above every control ({rivals}).")
    return finding(NOT_REPRODUCED, f"{score}: the lower bound is not above every control ({rivals}). A miss.")


def forward_means(models: Sequence[ModelRun], column: str) -> dict[str, float]:
    """Per loss the mean forward score over its seeds."""
    found: dict[str, list[float]] = {}
    for model in models:
        value = model.scores["ovo"]["columns"][column]["model"]["groups"]["forward"]
        if value is not None:
            found.setdefault(model.loss, []).append(value)
    return {loss: sum(values) / len(values) for loss, values in found.items()}


def order_text(means: Mapping[str, float]) -> str:
    """`focal 64.8 > ce 60.1`, best first."""
    ranked = sorted(means, key=lambda loss: (-means[loss], loss))
    return " > ".join(f"{loss} {means[loss]:.1f}" for loss in ranked)


def order_finding(
    models: Sequence[ModelRun], paper_losses: Sequence[Mapping[str, Any]], column: str
) -> dict[str, str] | None:
    """Whether the losses rank on forward tasks as in table 4 of the paper; None with fewer than two."""
    means = forward_means(models, column)
    printed = {row["loss"]: row["forward"] for row in paper_losses if row["base"] == "Qwen2.5-VL-3B"}
    shared = {loss: value for loss, value in means.items() if loss in printed}
    if len(shared) < 2:
        return None
    ours = sorted(shared, key=lambda loss: (-shared[loss], loss))
    paper = sorted(shared, key=lambda loss: -printed[loss])
    overlap = "" if disjoint(models, ours[0], ours[1], column) else " The intervals of the first two overlap."
    theirs = " > ".join(paper)
    text = f"Order of the losses on forward tasks: here {order_text(shared)}; in the paper {theirs}.{overlap}"
    return finding(REPRODUCED if ours == paper and not overlap else NOT_REPRODUCED, text)


def disjoint(models: Sequence[ModelRun], first: str, second: str, column: str) -> bool:
    """Whether the forward intervals of two losses (first seed of each) do not overlap."""
    bounds = {}
    for model in reversed(models):
        bounds[model.loss] = model.scores["ovo"]["columns"][column]["model"]["intervals"]["groups"]["forward"]
    return bool(bounds[first] and bounds[second] and bounds[first][0] > bounds[second][1])


def early_finding(models: Sequence[ModelRun]) -> dict[str, str] | None:
    """Whether cross entropy hears fewer events than focal early in training, as the paper says."""
    early = {model.loss: model for model in reversed(models) if model.scores["validation"].get("at_steps")}
    if not {"ce", "focal"} <= set(early):
        return None
    step = min(early["ce"].scores["validation"]["at_steps"], key=int)
    recall = {loss: state_recalls(early[loss], step) for loss in ("ce", "focal")}
    if any(value is None for pair in recall.values() for value in pair.values()):
        return None
    text = "; ".join(
        f"{loss}: Standby {number(pair['standby'])}, Response {number(pair['response'])}"
        for loss, pair in recall.items()
    )
    low = all(recall["ce"][state] < recall["focal"][state] for state in ("standby", "response"))
    return finding(
        REPRODUCED if low else NOT_REPRODUCED,
        f"Early silence of cross entropy: recall on the validation split after {step} steps is {text}.",
    )


def state_recalls(model: ModelRun, step: str) -> dict[str, Any]:
    """Recall of Standby and Response at a step, from the validation suite."""
    states = model.scores["validation"]["at_steps"].get(step, {}).get("states", {})
    return {state: states.get(state, {}).get("recall") for state in ("standby", "response")}


def in_short(lines: Sequence[Mapping[str, str]], column: str) -> str:
    """The findings in one sentence, from their verdicts alone."""
    names = [name for name in GROUP_NAMES.values() if name != GROUP_NAMES["total"]]
    above = [name.lower() for name in names for line in lines if is_group(line, name, REPRODUCED)]
    missed = [name.lower() for name in names for line in lines if is_group(line, name, NOT_REPRODUCED)]
    order = next((line for line in lines if line["text"].startswith("Order")), None)
    parts = []
    if above:
        parts.append(f"on {listed(above)} {column} points the served model is above every control")
    if missed:
        parts.append(f"on {listed(missed)} {column} points the served model is not above its controls")
    if order:
        same = "is" if order["verdict"] == REPRODUCED else "is not"
        parts.append(f"the paper's order of the losses {same} reproduced")
    parts.append("the paper's absolute scores are out of reach of this scale")
    return "In short: " + "; ".join(parts) + "."


def is_group(line: Mapping[str, str], name: str, verdict: str) -> bool:
    """Whether a line is the finding of this group with this verdict."""
    return line["text"].startswith(f"{name} ") and line["verdict"] == verdict


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def findings(
    models: Sequence[ModelRun], served: Mapping[str, Any], paper: Mapping[str, Any], column: str
) -> list[dict[str, str]]:
    """Every finding in the order of the page."""
    lines: list[dict[str, str] | None] = []
    ran = [model for model in models if "ovo" in model.scores]
    chosen = next((model for model in ran if model.name == served["model"]), None)
    if chosen is not None:
        cells = chosen.scores["ovo"]["columns"][column]["comparison"]
        lines += [
            group_finding(name, cells[name]) for name in GROUP_NAMES if cells[name]["accuracy"] is not None
        ]
        lines.append(order_finding(ran, paper["losses"], column))
    lines.append(early_finding(models))
    lines.append(finding(NOT_RUN, f"At this scale not run: {NOT_RUN_HERE}."))
    return [line for line in lines if line is not None]
