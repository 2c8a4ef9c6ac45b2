"""Policies that see no frame, answered through the same scorer as the model: what a score must beat."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from components.evaluate.clock import ClockFit, choose_letter, forward_answers, mean_rates
from components.evaluate.ovo_format import GROUP_OF, Entry, make_results, truths
from components.evaluate.ovo_rules import PointScore, official
from components.evaluate.ovo_score import entry_points

Answers = list[str | None]
Policy = Callable[[Entry], Answers]
RANDOM_POLICIES = ("random", "random_states")
CLOCKS = ("clock", "clock_balanced")


def constant(letter: Mapping[str, str | None], count: str, ssr: str, crr: str) -> Policy:
    """Always the same answer; `letter` per letter task (None: silent)."""
    fixed = {"REC": count, "SSR": ssr, "CRR": crr}

    def policy(entry: Entry) -> Answers:
        task = entry["task"]
        value = fixed[task] if task in fixed else letter.get(task)
        return [value] * len(truths(entry))

    return policy


def most_frequent(entries: Sequence[Entry]) -> Policy:
    """Always responds, with the answer most often right in the test set itself (the best constant)."""
    seen: dict[str, Counter[str]] = {}
    for entry in entries:
        seen.setdefault(entry["task"], Counter()).update(truths(entry))
    best = {task: min(found, key=lambda text: (-found[text], text)) for task, found in seen.items() if found}
    return constant(best, best.get("REC", "0"), "Yes", "Yes")


def clock(fit: ClockFit, entries: Sequence[Entry], *, balanced: bool) -> Policy:
    """The fitted clock; balanced, it says `Yes` to the points whose rate is above their task's mean."""
    thresholds = mean_rates(fit, entries) if balanced else {}

    def policy(entry: Entry) -> Answers:
        if GROUP_OF[entry["task"]] != "forward":
            return [choose_letter(fit, entry)]
        return forward_answers(fit, entry, thresholds.get(entry["task"], 0.5))

    return policy


def policies(entries: Sequence[Entry], fit: ClockFit | None) -> dict[str, Policy]:
    """Every policy that gives definite answers, by name; no clock without a fit."""
    silent: dict[str, str | None] = {}
    named = {
        "always_silent": constant(silent, "0", "No", "No"),
        "always_standby": constant(silent, "0", "Yes", "No"),
        "most_frequent": most_frequent(entries),
    }
    if fit is not None:
        named["clock"] = clock(fit, entries, balanced=False)
        named["clock_balanced"] = clock(fit, entries, balanced=True)
    return named


def policy_points(entries: Sequence[Entry], policy: Policy) -> list[PointScore]:
    """The policy's answers as official rows, scored by the official rule."""
    given = {(entry["task"], entry["id"]): policy(entry) for entry in entries}
    return entry_points(entries, make_results(entries, given), official)


def random_points(entries: Sequence[Entry], *, states: bool) -> list[PointScore]:
    """The expectation of a random policy on every point.

    `states` false: a uniform answer at each point. True: a uniform state on every turn since the question, a
    uniform answer with each Response; its CRR is high, since some Response by a late point is near certain.
    """
    counts = {truth for entry in entries if entry["task"] == "REC" for truth in truths(entry)}
    return [
        PointScore(entry["task"], entry["id"], index, random_credit(entry, index, truth, len(counts), states))
        for entry in entries
        for index, truth in enumerate(truths(entry))
    ]


def random_credit(entry: Entry, index: int, truth: str, counts: int, states: bool) -> float:
    """The expected credit of one point; see `random_points`."""
    task = entry["task"]
    if GROUP_OF[task] != "forward":
        return 1 / len(entry["options"]) * (1 / 3 if states else 1)
    if not states:
        return 1 / counts if task == "REC" else 0.5
    turns = int(entry["test_info"][index]["realtime"]) - int(entry.get("ask_time", 0)) + 1
    silent = (2 / 3) ** max(turns, 0)
    if task == "REC":
        return silent * (truth == "0") + (1 - silent) / counts
    yes = 2 / 3 if task == "SSR" else 1 - silent
    return yes if truth == "Yes" else 1 - yes


def blind_points(entries: Sequence[Entry], fit: ClockFit | None) -> dict[str, list[PointScore]]:
    """The scored points of every blind policy, by name."""
    scored = {name: policy_points(entries, policy) for name, policy in policies(entries, fit).items()}
    for name in RANDOM_POLICIES:
        scored[name] = random_points(entries, states=name == "random_states")
    return scored
