"""Sentences that say what was and was not reproduced, generated from the numbers alone."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from components.report.html import DASH
from components.report.inputs import ModelRun
from components.report.palette import PAPER_BASES, family_title

GROUP_NAMES = {"forward": "Forward", "realtime": "Real-time", "backward": "Backward", "total": "In total"}
PAPER_BASE = "Qwen2.5-VL-3B"  # of a family that table 4 does not have
RIVAL_NAMES = {"best_blind": "best blind policy", "clock": "clock", "exchanged": "exchanged video"}
# In a table of several runs: blind policies are the same for all, exchanged videos are each run's own.
CONTROL_NAMES = RIVAL_NAMES | {"exchanged": "exchanged video, best run"}
REPRODUCED, NOT_REPRODUCED, NOT_RUN = "reproduced", "not reproduced", "not run"


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


def order_text(means: Mapping[str, float], *, values: bool = True) -> str:
    """`focal 64.8 > ce 60.1 = fixed 60.1`, best first; equal is what is equal as shown."""
    ranked = sorted(means, key=lambda loss: (-means[loss], loss))
    shown = [f"{loss} {number(means[loss])}" if values else loss for loss in ranked]
    signs = ["=" if number(means[a]) == number(means[b]) else ">" for a, b in pairwise(ranked)]
    return shown[0] + "".join(f" {sign} {one}" for sign, one in zip(signs, shown[1:], strict=True))


def order_findings(
    models: Sequence[ModelRun], paper_losses: Sequence[Mapping[str, Any]], column: str
) -> list[dict[str, str]]:
    """For each family whether the losses rank on forward tasks as in table 4; none with fewer than two."""
    families = list(dict.fromkeys(model.family for model in models))
    lines = []
    for family in families:
        runs = [model for model in models if model.family == family]
        base = PAPER_BASES.get(family, PAPER_BASE)
        printed = {row["loss"]: row["forward"] for row in paper_losses if row["base"] == base}
        where = f" on {family_title(family)}" if len(families) > 1 else ""
        lines.append(order_finding(runs, printed, column, where))
    return [line for line in lines if line is not None]


def order_finding(
    models: Sequence[ModelRun], printed: Mapping[str, float], column: str, where: str = ""
) -> dict[str, str] | None:
    """Whether the losses of one family rank as printed; None with fewer than two."""
    shared = {loss: value for loss, value in forward_means(models, column).items() if loss in printed}
    if len(shared) < 2:
        return None
    ours = sorted(shared, key=lambda loss: (-shared[loss], loss))
    paper = sorted(shared, key=lambda loss: -printed[loss])
    overlap = "" if disjoint(models, ours[0], ours[1], column) else " The intervals of the first two overlap."
    seeds = len({model.seed for model in models})
    text = (
        f"Order of the losses on forward tasks{where} (n = {seeds} seed{'s' if seeds > 1 else ''}): "
        f"here {order_text(shared)}; in the paper {' > '.join(paper)}.{overlap}"
    )
    return finding(REPRODUCED if ours == paper and not overlap else NOT_REPRODUCED, text)


def disjoint(models: Sequence[ModelRun], first: str, second: str, column: str) -> bool:
    """Whether the forward intervals of two losses, joined over their seeds, do not overlap."""
    bounds: dict[str, list[Sequence[float] | None]] = {first: [], second: []}
    for model in models:
        found = model.scores["ovo"]["columns"][column]["model"]["intervals"]["groups"]["forward"]
        bounds.setdefault(model.loss, []).append(found)
    above = [interval[0] for interval in bounds[first] if interval]
    below = [interval[1] for interval in bounds[second] if interval]
    return bool(above and below and min(above) > max(below))


def early_finding(models: Sequence[ModelRun]) -> dict[str, str] | None:
    """Whether cross entropy hears fewer events than focal early in training, as the paper says."""
    heard: dict[str, list[Mapping[str, float]]] = {}
    steps = [int(step) for model in models for step in model.scores["ovo"].get("at_steps", {})]
    for model in models:
        early = model.scores["ovo"].get("at_steps", {}).get(str(min(steps, default=0)))
        if model.family == models[0].family and early and early["responses"]["recall"] is not None:
            heard.setdefault(model.loss, []).append(early["responses"])
    if not {"ce", "focal"} <= set(heard):
        return None
    recall = {loss: sum(one["recall"] for one in found) / len(found) for loss, found in heard.items()}
    told = ", ".join(f"{loss} {number(recall[loss])}" for loss in ("ce", "focal"))
    return finding(
        REPRODUCED if recall["ce"] < recall["focal"] else NOT_REPRODUCED,
        "Early silence of cross entropy: recall of Response on the forward test streams after "
        f"{min(steps)} steps is {told}.",
    )


def retention_finding(total: Mapping[str, Any]) -> dict[str, str]:
    """Whether offline answers gain by conversion, as the paper says: by the interval of the paired change."""
    low, high = total["interval"]
    change = f"{total['difference']:+.1f} points [{low:+.1f}, {high:+.1f}], n = {total['n']}"
    if low > 0:
        return finding(REPRODUCED, f"Offline answers gain by conversion: {change}.")
    word = "are lost by conversion" if high < 0 else "show no clear change by conversion"
    return finding(NOT_REPRODUCED, f"Offline answers {word}: {change}; the paper's 7B model gains.")


def not_run(models: Sequence[ModelRun]) -> list[str]:
    """What of the paper no run here can speak of."""
    suites = {suite for model in models for suite in model.scores}
    missing = ["absolute scores of the 2B to 7B models", "MVBench, TempCompass, VideoMME and LongVideoBench"]
    missing += [] if "offline" in suites else ["offline answers before and after conversion"]
    missing += [] if "streamo_bench" in suites else ["Streamo-Bench"]
    missing += (
        [] if any(model.loss == "eos" for model in models) else ["three states against end of sequence"]
    )
    return [*missing, "data in three arms", *([] if "fps2" in suites else ["2 fps at test time"])]


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
        lines += order_findings(ran, paper["losses"], column)
        lines.append(early_finding(ran))
    total = chosen.scores["offline"]["retention"]["total"] if chosen and "offline" in chosen.scores else None
    if total and total["interval"]:
        lines.append(retention_finding(total))
    lines.append(finding(NOT_RUN, f"At this scale not run: {', '.join(not_run(models))}."))
    return [line for line in lines if line is not None]
