"""What a judge said, and what many of its verdicts come to. No model is asked here and nothing is guessed.

A pair is decided only if the judge said the same in both orders; a pair it contradicted itself on, or did not
answer, is excluded from the win rate and counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from components.core.bootstrap import cluster_interval

Side = Literal["a", "b", "tie"]
SIDES: tuple[Side, Side, Side] = ("a", "b", "tie")
WORTH: Mapping[str, float] = {"a": 1.0, "tie": 0.5, "b": 0.0}
INCONSISTENT, FAILED = "inconsistent", "failed"
DRAWS = 2000


@dataclass(frozen=True)
class Pair:
    """Two answers to one task; `reference` is None where nobody wrote one."""

    task: str
    reference: str | None
    a: str
    b: str


@dataclass(frozen=True)
class Question:
    """A question, its reference answer and the answer to judge."""

    question: str
    reference: str
    answer: str


@dataclass(frozen=True)
class Verdict:
    """One pair of answers, asked in both orders.

    Attributes:
        outcome: `a`, `b` or `tie` where both orders agree; `inconsistent` where they do not; `failed` where
            at least one brought no usable verdict.
        orders: what was said with `a` shown first, then with `b` shown first: a side, or why there is none.
        keys: hashes of the two requests, the names of the raw answers in the cache; empty if not asked.
        prompt: version of the prompt.
        cut: whether an answer was too long and shown cut.

    """

    outcome: str
    orders: tuple[str, str]
    keys: tuple[str, str]
    prompt: str
    cut: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Grade:
    """One answer held against a reference; `correct` is None where there is no verdict, for `reason`."""

    correct: bool | None
    reason: str
    key: str
    prompt: str
    cut: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def verdict(orders: tuple[str, str], keys: tuple[str, str], prompt: str, *, cut: bool = False) -> Verdict:
    """The verdict on what was said in the two orders."""
    if not all(said in SIDES for said in orders):
        outcome = FAILED
    else:
        outcome = orders[0] if orders[0] == orders[1] else INCONSISTENT
    return Verdict(outcome, orders, keys, prompt, cut)


def win_rate(verdicts: Sequence[Verdict], videos: Sequence[str], *, seed: int) -> dict[str, Any]:
    """How often `a` is better, over the pairs the judge decided; a tie is half a win.

    Args:
        verdicts: one per pair.
        videos: the video of every pair; the bootstrap resamples whole videos.
        seed: of the draws.

    Returns:
        `n`, `decided`, `wins`, `ties`, `losses`, `win_rate` (percent; None of nothing) with its 95 %
        `interval` (None for fewer than two videos); `excluded` = {`inconsistent`: n, `failed`: {reason: n}};
        `agreement` (percent of the pairs answered in both orders that got the same verdict), `first_shown`
        (percent of the decisive answers that took the one shown first; 50 without a bias), `cut`, `prompts`.

    """
    if len(verdicts) != len(videos):
        raise ValueError(f"{len(verdicts)} verdicts but {len(videos)} videos")
    decided = [(one, video) for one, video in zip(verdicts, videos, strict=True) if one.outcome in SIDES]
    outcomes = Counter(one.outcome for one in verdicts)
    failed = Counter(_failure(one) for one in verdicts if one.outcome == FAILED)
    said = [pair for one in verdicts for pair in zip(one.orders, ("a", "b"), strict=True)]
    firsts = [side == shown_first for side, shown_first in said if side in ("a", "b")]
    worth = [WORTH[one.outcome] for one, _ in decided]
    return {
        "n": len(verdicts),
        "decided": len(decided),
        "wins": outcomes["a"],
        "ties": outcomes["tie"],
        "losses": outcomes["b"],
        "win_rate": _percent(worth),
        "interval": _interval(worth, [video for _, video in decided], seed),
        "excluded": {INCONSISTENT: outcomes[INCONSISTENT], FAILED: dict(sorted(failed.items()))},
        "agreement": _percent([one.outcome in SIDES for one in verdicts if one.outcome != FAILED]),
        "first_shown": _percent(firsts),
        "cut": sum(one.cut for one in verdicts),
        "prompts": sorted({one.prompt for one in verdicts}),
    }


def accuracy(grades: Sequence[Grade], videos: Sequence[str], *, seed: int) -> dict[str, Any]:
    """How many answers the judge calls correct, over those it judged.

    Returns:
        `n`, `judged`, `correct`, `accuracy` (percent of the judged), its 95 % `interval`, `accuracy_of_all`
        (the unjudged counted as wrong), `failed` = {reason: n}, `cut`, `prompts`.

    """
    if len(grades) != len(videos):
        raise ValueError(f"{len(grades)} grades but {len(videos)} videos")
    judged = [(one, video) for one, video in zip(grades, videos, strict=True) if one.correct is not None]
    worth = [float(bool(one.correct)) for one, _ in judged]
    failed = Counter(one.reason for one in grades if one.correct is None)
    return {
        "n": len(grades),
        "judged": len(judged),
        "correct": int(sum(worth)),
        "accuracy": _percent(worth),
        "interval": _interval(worth, [video for _, video in judged], seed),
        "accuracy_of_all": round(100 * sum(worth) / len(grades), 2) if grades else None,
        FAILED: dict(sorted(failed.items())),
        "cut": sum(one.cut for one in grades),
        "prompts": sorted({one.prompt for one in grades}),
    }


def _failure(one: Verdict) -> str:
    """The reasons of both orders, each once."""
    return "+".join(sorted({said for said in one.orders if said not in SIDES}))


def _percent(values: Sequence[float]) -> float | None:
    return round(100 * sum(values) / len(values), 2) if values else None


def _interval(values: Sequence[float], videos: Sequence[str], seed: int) -> list[float] | None:
    if len(set(videos)) < 2:
        return None

    def percent(drawn: Sequence[float]) -> float:
        return 100 * sum(drawn) / len(drawn)

    low, high = cluster_interval(values, videos, percent, seed=seed, draws=DRAWS)
    return [round(low, 2), round(high, 2)]
