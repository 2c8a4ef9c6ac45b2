"""The leak canary: is there any way by which the truth, or the future, reaches a prediction?

Labels: every label of the annotation entries is replaced by garbage; no prediction may change. Future: every
frame after a query is replaced by noise; the answer to that query may not change. A runner is a black box
here: it is given entries and a folder of videos, and says what the model said.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from components.core.seeds import rng
from components.evaluate.canary_video import Part, noisy_copy
from components.evaluate.ovo_format import GROUP_OF, TASKS, Entry, truth_key

GARBAGE = "qzx garbage"


@dataclass(frozen=True)
class Said:
    """What a model said to one entry: an answer a scored point, and everything else that was recorded."""

    answers: Sequence[Any]
    streams: Any = None


Run = Callable[[Sequence[Entry], Path], Mapping[str, Said]]  # entries, videos -> by `key_of`


@dataclass(frozen=True)
class Verdict:
    """One check: the entries looked at, and one line for every leak.

    `sensitive`: how many predictions changed when what may be seen was replaced. Where it is 0 the check
    could not have found anything, and `passed` is None.
    """

    checked: int
    leaks: list[str] = field(default_factory=list)
    sensitive: int | None = None

    @property
    def passed(self) -> bool | None:
        """False with a leak, None if nothing was there to leak, else True."""
        if self.leaks:
            return False
        return None if self.checked == 0 or self.sensitive == 0 else True

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "passed": self.passed,
            "checked": self.checked,
            "sensitive": self.sensitive,
            "leaks": self.leaks,
        }


def key_of(entry: Entry) -> str:
    """The name of an entry: task and id."""
    return f"{entry['task']}-{entry['id']}"


def garbage(entries: Sequence[Entry], seed: int) -> list[Entry]:
    """The entries with every label wrong: right options, answers, counts, types, event and clue times.

    What a model may know stays: video, question, options, activity, steps, when it is asked and read.
    """
    return [spoilt(entry, rng(seed, "garbage", entry["task"], entry["id"])) for entry in entries]


def spoilt(entry: Entry, generator: np.random.Generator) -> Entry:
    """One entry with garbage for labels."""
    wrong = {**entry, **({"answer": GARBAGE} if "answer" in entry else {})}
    if GROUP_OF[entry["task"]] != "forward":
        number = len(entry["options"])
        return wrong | {"gt": int((entry["gt"] + 1 + generator.integers(number - 1)) % number)}
    key, points = truth_key(entry["task"]), entry["test_info"]
    last = max((float(point["realtime"]) for point in points), default=1.0)
    moved = {
        name: moved_times(value, last, generator)
        for name, value in entry.items()
        if name in ("start_time", "end_time", "start_times", "end_times", "clue_time")
    }
    flipped = [
        {**point, key: 1 - point[key] if key == "type" else point[key] + 1 + int(generator.integers(9))}
        for point in points
    ]
    return {**wrong, **moved, "test_info": flipped}


def moved_times(value: Any, last: float, generator: np.random.Generator) -> Any:
    """Other times, one or a list of them as given, none equal to the one it replaces."""
    if isinstance(value, list):
        return [moved_times(one, last, generator) for one in value]
    drawn = int(generator.integers(0, max(2, int(last))))
    return drawn if drawn != value else drawn + 1


def labels(run: Run, entries: Sequence[Entry], videos: Path, *, seed: int) -> Verdict:
    """Whether any prediction changes when the labels are garbage."""
    truly, spoilt_ = run(entries, videos), run(garbage(entries, seed), videos)
    leaks = [
        f"{key_of(entry)}: another prediction with garbage for labels"
        for entry in entries
        if truly.get(key_of(entry)) != spoilt_.get(key_of(entry))
    ]
    return Verdict(len(entries), leaks)


def future(run: Run, entries: Sequence[Entry], videos: Path, *, seed: int, scratch: Path) -> Verdict:
    """Whether any answer changes when the frames after its query are noise.

    Each entry is cut at its first test point: the frames after it are noise, and the answers up to it must
    stay. Beside it the frames up to it are noise, which ought to change something.

    Args:
        run: the runner.
        entries: annotation entries.
        videos: the folder that their `video` is relative to.
        seed: of the noise.
        scratch: a folder for the copies; they are deleted again.

    """
    leaks, sensitive, checked = [], 0, 0
    for together in rounds(entries):
        shown = {
            part: watch(run, together, videos, part, seed, scratch) for part in ("none", "after", "upto")
        }
        for entry in together:
            key, early = key_of(entry), answered_by(entry)
            kept, later, other = (shown[part][key] for part in ("none", "after", "upto"))
            checked += 1
            sensitive += kept != other
            if [kept.answers[n] for n in early] != [later.answers[n] for n in early]:
                leaks.append(f"{key}: another answer when the frames after {cut_s(entry):g} s are noise")
    return Verdict(checked, leaks, sensitive)


def rounds(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries that may be watched together: one a video, since a copy is cut at one instant."""
    left = list(entries)
    while left:
        chosen = list({entry["video"]: entry for entry in reversed(left)}.values())
        yield chosen
        left = [entry for entry in left if not any(entry is one for one in chosen)]


def cut_s(entry: Entry) -> float:
    """The instant of the entry's first scored point."""
    return min(float(point["realtime"]) for point in entry.get("test_info", [entry]))


def answered_by(entry: Entry) -> list[int]:
    """The points that sit on that instant."""
    points = entry.get("test_info", [entry])
    return [number for number, point in enumerate(points) if float(point["realtime"]) <= cut_s(entry)]


def watch(
    run: Run, entries: Sequence[Entry], videos: Path, part: Part, seed: int, scratch: Path
) -> Mapping[str, Said]:
    """What is said to these entries on copies with noise in one part."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        for entry in entries:
            video = entry["video"]
            noisy_copy(videos / video, Path(folder) / video, part, cut_s(entry), seed=seed)
        return run(entries, Path(folder))


def choose(entries: Sequence[Entry], per_task: int, seed: int) -> list[Entry]:
    """A seeded few of every task, in the order of the file."""
    kept: set[int] = set()
    for task in TASKS:
        places = [place for place, entry in enumerate(entries) if entry["task"] == task]
        drawn = rng(seed, "canary", task).permutation(len(places))[:per_task]
        kept |= {places[int(number)] for number in drawn}
    return [entry for place, entry in enumerate(entries) if place in kept]
