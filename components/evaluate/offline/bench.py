"""A published offline benchmark on one model: question by question into a journal, then the whole product."""

import platform
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import new_dir, read_json, write_json
from components.core.hashing import fingerprint, sha256_file, sha256_tree
from components.core.progress import Progress
from components.evaluate.offline.asking import SETS, Ask
from components.evaluate.offline.sampling import instants, one_a_second
from components.evaluate.offline.subtitles import at_instants
from components.evaluate.ovo_bench.journal import Journal, open_journal
from components.evaluate.ovo_bench.settings import LIBRARIES, MODEL_FILES, ROOT, check_same
from components.infer.offline import OfflineModel, Question
from components.lineage.closure import import_closure
from components.model.adapter import load
from components.video.frames import frames_at
from components.video.probe import probe
from components.video.root import MediaRoot

NOT_FOUND, UNREADABLE = "video_not_found", "video_unreadable"
EMPTY_PART, NO_SUBTITLES = "part_outside_video", "subtitles_not_found"


@dataclass(frozen=True)
class Settings:
    """What is asked how; `frames` pictures a question, `subtitles` beside them or not."""

    benchmark: str
    frames: int
    subtitles: bool
    max_new_tokens: int

    def __post_init__(self) -> None:
        if self.benchmark not in SETS:
            raise UsageError(f"benchmark {self.benchmark!r}: expected one of {', '.join(SETS)}")
        if self.frames < 1 or self.max_new_tokens < 1:
            raise UsageError("--frames and --max-new-tokens are whole numbers >= 1")


class Run:
    """One model answering; `counted` says how often subtitles were missing, which rejects no question."""

    def __init__(self, model: Path, videos: Path, subtitles: Path | None, settings: Settings):
        self.settings, self.model = settings, OfflineModel(load(model))
        self.videos = MediaRoot(videos)
        self.subtitles = MediaRoot(subtitles) if subtitles else None

    def answer_video(self, path: Path, asks: Sequence[Ask]) -> Iterator[dict[str, Any]]:
        """Journal entries of one video's questions; pictures that several share are decoded once."""
        seen = probe(path, quick=True)
        if seen.duration_s is None:
            yield from (rejected(ask, UNREADABLE, f"{seen.reason}: {seen.detail}") for ask in asks)
            return
        shared: dict[tuple[float, ...], Question] = {}
        for ask in asks:
            try:
                times = instants(self.settings.benchmark, seen.duration_s, self.settings.frames, ask.bound)
            except DataError as error:
                yield rejected(ask, EMPTY_PART, str(error))
                continue
            turns = None
            if self.model.form == "stream":
                times, turns = one_a_second(times)
            key = tuple(times)
            if key not in shared:
                try:
                    shared = {key: self.model.question(frames_at(path, times), "", turns=turns)}
                except DataError as error:
                    yield rejected(ask, UNREADABLE, str(error).replace(str(path), ask.names[0]))
                    continue
            yield self.answer(ask, shared[key], times)

    def answer(self, ask: Ask, shown: Question, times: Sequence[float]) -> dict[str, Any]:
        """The journal entry of one answered question."""
        spoken = self.spoken(ask, times)
        prompt = "\n".join(["Subtitles:", *spoken, ask.prompt]) if spoken else ask.prompt
        question = Question(prompt, shown.rows, shown.grids, shown.turns)
        said = self.model.answer_many([question], max_new_tokens=self.settings.max_new_tokens)[0]
        told = {"key": ask.key, "answer": said, "times": [round(time, 3) for time in times]}
        return {**told, "subtitles": None if spoken is None else len(spoken)}

    def spoken(self, ask: Ask, times: Sequence[float]) -> list[str] | None:
        """The subtitles at the pictures' instants; None where none are asked for or there is no file."""
        if self.subtitles is None or ask.subtitles is None:
            return None
        name, begins = ask.subtitles
        found = find(self.subtitles, (name,))
        return None if found is None else at_instants(found, times, begins)


def run(
    model: Path,
    annotations: Path,
    videos: Path,
    out: Path,
    settings: Settings,
    *,
    subtitles: Path | None = None,
) -> dict[str, Any]:
    """Ask a model every question of a benchmark; `out` appears whole, or not at all.

    What is finished lies in `<out>.partial` until then: the same call again does what is left.

    Args:
        model: a model folder, converted or not.
        annotations: the benchmark's own file or folder.
        videos: the folder of its videos.
        out: a folder that does not exist yet, or the finished result of the same settings.
        settings: what is asked how.
        subtitles: the folder of its subtitles, needed where the settings ask for them.

    Returns:
        `run.json`: settings, questions, how many were answered and rejected, by reason.

    Raises:
        UsageError: `out` or its journal was made with other settings; the message names them.
        DataError: annotations, model or journal are not what they should be.

    """
    questions = SETS[settings.benchmark](annotations)
    known = identity(settings, model, annotations)
    if out.exists():
        return finished_before(out, known)
    partial = out.with_name(f"{out.name}.partial")
    with open_journal(partial, known) as journal:
        answer_all(Run(model, videos, subtitles, settings), questions.asks, journal)
        told = summary(questions.asks, journal.done, known)
        with new_dir(out) as scratch:
            answers = {ask.key: journal.done[ask.key].get("answer") for ask in questions.asks}
            questions.write(scratch, answers)
            rows = [journal.done[ask.key] for ask in questions.asks]
            write_json(scratch / "predictions.json", {"schema": 1, "questions": rows})
            write_json(scratch / "run.json", told)
    shutil.rmtree(partial)
    return told


def answer_all(run: Run, asks: Sequence[Ask], journal: Journal) -> None:
    """Answer what the journal does not hold yet, video by video in the order of the questions."""
    left: dict[tuple[str, ...], list[Ask]] = {}
    for ask in asks:
        if ask.key not in journal.done:
            left.setdefault(ask.names, []).append(ask)
    progress = Progress(run.settings.benchmark, sum(map(len, left.values())))
    for names, members in left.items():
        path = find(run.videos, names)
        lines: Iterable[dict[str, Any]]
        if path is None:
            lines = [rejected(ask, NOT_FOUND, f"{names[0]}: no such file below --videos") for ask in members]
        else:
            lines = run.answer_video(path, members)
        for line in lines:
            journal.add(line)
            progress.step(note=names[0])


def find(root: MediaRoot, names: Sequence[str]) -> Path | None:
    """The first of some names that is a file below the root."""
    for name in names:
        try:
            path = root.resolve(name)
        except DataError:
            continue
        if path.is_file():
            return path
    return None


def rejected(ask: Ask, reason: str, detail: str) -> dict[str, Any]:
    """The journal entry of what could not be asked."""
    return {"key": ask.key, "rejected": {"reason": reason, "detail": detail}}


def summary(
    asks: Sequence[Ask], done: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """`run.json`."""
    reasons = Counter(done[ask.key]["rejected"]["reason"] for ask in asks if "rejected" in done[ask.key])
    answered = [done[ask.key] for ask in asks if "rejected" not in done[ask.key]]
    without = sum(row["subtitles"] is None for row in answered) if settings["subtitles"] else 0
    return {
        "schema": 1,
        "settings": dict(settings),
        "questions": len(asks),
        "answered": len(answered),
        "rejected": dict(sorted(reasons.items())),
        NO_SUBTITLES: without,
    }


def finished_before(out: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """`run.json` of a finished result; UsageError if `out` is something else."""
    if not (out / "run.json").is_file():
        raise UsageError(f"--out {out}: exists and is no finished benchmark; name a new folder")
    told: dict[str, Any] = read_json(out / "run.json")
    check_same(told["settings"], settings, out)
    return told


def identity(settings: Settings, model: Path, annotations: Path) -> dict[str, Any]:
    """The settings and, as SHA-256, what else decides an answer; videos are known by their names alone."""
    files = sorted({path for pattern in MODEL_FILES for path in model.glob(pattern)})
    code = import_closure("components.evaluate.offline.bench", ROOT).files
    return {
        **asdict(settings),
        "annotations": fingerprint(sha256_tree(annotations)),
        "code": fingerprint({name: sha256_file(ROOT / name) for name in code}),
        "libraries": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "model": fingerprint({path.name: sha256_file(path) for path in files}),
    }
