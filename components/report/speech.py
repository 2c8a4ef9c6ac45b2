"""When the runs speak: delay behind the due turn, and blind policies by the same count.

Both are taken from `predictions.json` of the validation suite, whose streams bear the labelled states. Due
turns are those labelled Response; a turn is quiet if Silence is labelled on it and on both its neighbours, as
in the suite's own `responses` (components/evaluate/README.md): recall, precision and F1 here equal those.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from components.core.seeds import rng

Json = dict[str, Any]
States = Sequence[str]
TOLERANCE = 1  # turns, as of evaluate's count
LATEST = 8  # turns; later ones are one bar
MISSED = "missed"
DELAYS = (*map(str, range(-TOLERANCE, LATEST)), f"{LATEST}+", MISSED)
DRAWS = 1000


class Heard(NamedTuple):
    """Counts of a stream: due turns, Responses, hits, false alarms, quiet turns, answered, sum of delays."""

    due: int
    spoken: int
    hits: int
    alarms: int
    quiet: int
    answered: int
    late: int


RATES: dict[str, Callable[[Heard], float]] = {
    "recall": lambda all_: share(100 * all_.hits, all_.due),
    "precision": lambda all_: share(100 * all_.hits, all_.spoken),
    "f1": lambda all_: share(200 * all_.hits, all_.spoken + all_.due),
    "false_alarms_per_quiet_hour": lambda all_: share(3600 * all_.alarms, all_.quiet),
    "delay_turns": lambda all_: share(all_.late, all_.answered),
    "missed": lambda all_: share(100 * (all_.due - all_.answered), all_.due),
}


def share(part: float, whole: float) -> float:
    """A quotient, NaN of nothing."""
    return part / whole if whole else float("nan")


def heard(truth: States, states: States) -> Heard:
    """The counts of one stream, Responses matched one to one with due turns at most `TOLERANCE` apart."""
    free = [turn for turn, state in enumerate(truth) if state == "response"]
    due, hits = len(free), 0
    near = range(-TOLERANCE, TOLERANCE + 1)
    busy = {turn + step for turn, state in enumerate(truth) if state != "silence" for step in near}
    said = [turn for turn, state in enumerate(states) if state == "response"]
    for turn in said:
        match = next((moment for moment in free if abs(moment - turn) <= TOLERANCE), None)
        if match is not None:
            free.remove(match)
            hits += 1
    delays = [delay for delay in stream_delays(truth, states) if delay is not None]
    alarms = sum(turn not in busy for turn in said)
    quiet = sum(turn not in busy for turn in range(len(truth)))
    return Heard(due, len(said), hits, alarms, quiet, len(delays), sum(delays))


def stream_delays(truth: States, states: States) -> list[int | None]:
    """The delay of each due turn of one stream, in turns; None where nothing was said for it.

    Each due turn takes the first free Response from one turn before it on, as long as that is not already
    within a turn of the next due one.
    """
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


def speech_point(streams: Sequence[Json], said: Sequence[States], *, seed: int | None) -> Json:
    """The rates of `said`, the states of each stream; with a seed also 95 % intervals over videos."""
    rows = [heard(stream["truth"], states) for stream, states in zip(streams, said, strict=True)]
    whole = summed(rows)
    point: Json = {name: rounded(rate(whole)) for name, rate in RATES.items()}
    point |= {"due": whole.due, "quiet_turns": whole.quiet}
    if seed is not None:
        point["intervals"] = intervals(rows, [stream["video_id"] for stream in streams], seed)
    return point


def summed(rows: Sequence[Heard]) -> Heard:
    """The counts of several streams."""
    return Heard(*map(int, np.asarray(rows).sum(axis=0)))


def intervals(rows: Sequence[Heard], videos: Sequence[str], seed: int) -> dict[str, list[float]]:
    """95 % percentile bounds of every rate under resampling of whole videos; a rate of nothing has none."""
    names = sorted(set(videos))
    table = np.zeros((len(names), len(Heard._fields)), dtype=np.int64)
    np.add.at(table, [names.index(video) for video in videos], np.asarray(rows))
    chosen = rng(seed, "report", "speech").integers(0, len(names), (DRAWS, len(names)))
    drawn = [Heard(*counts) for counts in table[chosen].sum(axis=1).tolist()]
    found = {}
    for name, rate in RATES.items():
        values = np.asarray([rate(counts) for counts in drawn])
        if not np.isnan(values).all():
            found[name] = [round(float(bound), 2) for bound in np.nanpercentile(values, [2.5, 97.5])]
    return found


def rounded(value: float) -> float | None:
    """Two decimals, None for NaN."""
    return None if np.isnan(value) else round(value, 2)


def delay_counts(streams: Sequence[Json]) -> dict[str, int]:
    """How many due turns were answered how many turns late, by the names of `DELAYS`."""
    found: Counter[str] = Counter()
    for stream in streams:
        found.update(delay_name(delay) for delay in stream_delays(stream["truth"], stream["states"]))
    return {name: found[name] for name in DELAYS}


def delay_name(delay: int | None) -> str:
    """The bar of one delay."""
    return MISSED if delay is None else f"{LATEST}+" if delay >= LATEST else str(delay)


def blind_states(lengths: Sequence[int], *, seed: int) -> Mapping[str, list[States]]:
    """What policies that see nothing say on streams of these lengths.

    Speaking every few turns needs no model: a run whose point is not above those has shown nothing.
    """
    generator = rng(seed, "report", "blind")
    policies: dict[str, list[States]] = {
        "always silent": [["silence"] * turns for turns in lengths],
        "always response": [["response"] * turns for turns in lengths],
    }
    for every in (2, 5, 10):
        policies[f"every {every} turns"] = [
            ["response" if turn % every == every - 1 else "silence" for turn in range(turns)]
            for turns in lengths
        ]
    names = ["silence", "standby", "response"]
    policies["random states"] = [[names[n] for n in generator.integers(0, 3, turns)] for turns in lengths]
    return policies
