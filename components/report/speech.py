"""When the runs speak: delay behind the due turn, and blind policies by the same count.

Both are taken from `predictions.json` of the validation suite, whose streams bear the labelled states. Due
turns are those labelled Response; a turn is quiet if Silence is labelled on it and on both its neighbours, as
in the suite's own `responses` (components/evaluate/README.md).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.core.seeds import rng

Json = Mapping[str, Any]
States = Sequence[str]
TOLERANCE = 1  # turns, as of evaluate's count
LATEST = 8  # turns; later ones are one bar
MISSED = "missed"


def delay_counts(streams: Sequence[Json]) -> dict[str, int]:
    """How many due turns were answered how many turns late: `-1`, `0`, ..., `8+`, `missed`.

    Each due turn takes the first free Response from one turn before it on, as long as that is not already
    within a turn of the next due one.
    """
    found: Counter[str] = Counter()
    for stream in streams:
        found.update(delay_name(delay) for delay in stream_delays(stream["truth"], stream["states"]))
    names = [*map(str, range(-TOLERANCE, LATEST)), f"{LATEST}+", MISSED]
    return {name: found[name] for name in names}


def delay_name(delay: int | None) -> str:
    """The bar of one delay."""
    return MISSED if delay is None else f"{LATEST}+" if delay >= LATEST else str(delay)


def stream_delays(truth: States, states: States) -> list[int | None]:
    """The delay of each due turn of one stream, in turns; None where nothing was said for it."""
    due = [turn for turn, state in enumerate(truth) if state == "response"]
    said = [turn for turn, state in enumerate(states) if state == "response"]
    delays: list[int | None] = []
    for place, turn in enumerate(due):
        after = due[place + 1] if place + 1 < len(due) else len(states) + TOLERANCE + 1
        last = max(turn, after - TOLERANCE - 1)
        match = next((one for one in said if turn - TOLERANCE <= one <= last), None)
        if match is not None:
            said.remove(match)
        delays.append(None if match is None else match - turn)
    return delays


def delay_summary(counts: Mapping[str, int]) -> dict[str, float | int | None]:
    """Due turns, percent missed, and the median delay of the others in turns (`8+` counts as 8)."""
    due = sum(counts.values())
    answered = [
        int(name.rstrip("+")) for name, count in counts.items() if name != MISSED for _ in range(count)
    ]
    return {
        "due": due,
        "missed_percent": round(100 * counts[MISSED] / due, 1) if due else None,
        "median_turns": float(np.median(answered)) if answered else None,
    }


def blind_points(streams: Sequence[Json], *, seed: int) -> dict[str, Json]:
    """Recall and false alarms per quiet hour of policies that see nothing, on the same streams.

    Speaking every few turns costs nothing and needs no model: any recall below that line is worth nothing.
    """
    generator = rng(seed, "report", "blind")
    policies: dict[str, list[States]] = {
        "always silent": [["silence"] * len(s["truth"]) for s in streams],
        "always response": [["response"] * len(s["truth"]) for s in streams],
    }
    for every in (2, 5, 10):
        policies[f"every {every} turns"] = [
            ["response" if turn % every == every - 1 else "silence" for turn in range(len(s["truth"]))]
            for s in streams
        ]
    policies["random states"] = [
        list(generator.choice(["silence", "standby", "response"], size=len(s["truth"]))) for s in streams
    ]
    return {name: speech_point(streams, said) for name, said in policies.items()}


def speech_point(streams: Sequence[Json], said: Sequence[States]) -> Json:
    """Recall in percent and false alarms per quiet hour of `said`, the states of each stream."""
    due = hits = alarms = quiet = 0
    for stream, states in zip(streams, said, strict=True):
        truth = stream["truth"]
        free = [turn for turn, state in enumerate(truth) if state == "response"]
        due += len(free)
        near = range(-TOLERANCE, TOLERANCE + 1)
        busy = {turn + step for turn, state in enumerate(truth) if state != "silence" for step in near}
        quiet += sum(turn not in busy for turn in range(len(truth)))
        for turn, state in enumerate(states):
            if state == "response":
                alarms += turn not in busy
                match = next((moment for moment in free if abs(moment - turn) <= TOLERANCE), None)
                if match is not None:
                    free.remove(match)
                    hits += 1
    return {
        "recall": round(100 * hits / due, 2) if due else None,
        "false_alarms_per_quiet_hour": round(3600 * alarms / quiet, 1) if quiet else None,
        "due": due,
        "quiet_turns": quiet,
    }
