"""OVO-Bench on one model: entry by entry into a journal, then the whole product by rename."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.core.errors import UsageError
from components.core.files import new_dir, read_json
from components.core.progress import Progress
from components.evaluate.ovo_bench.engines import Engine, open_engine
from components.evaluate.ovo_bench.items import check_entries, key_of, plan_item
from components.evaluate.ovo_bench.journal import Journal, open_journal
from components.evaluate.ovo_bench.product import write_product
from components.evaluate.ovo_bench.sample import stratified
from components.evaluate.ovo_bench.settings import Settings, check_same, identity
from components.evaluate.ovo_bench.videos import UNREADABLE, Clip, Rejection, Videos
from components.evaluate.ovo_bench.watch import UnreadableVideoError
from components.evaluate.ovo_format import Entry, load_annotations
from components.infer.spent import Spent


def run(model: Path, annotations: Path, videos: Path, out: Path, settings: Settings) -> dict[str, Any]:
    """Ask a model the entries of an annotation file; `out` appears whole, or not at all.

    What is finished lies in `<out>.partial` until then: the same call again does what is left.

    Args:
        model: a model folder; `online` and `released` need state tokens in it.
        annotations: OVO-Bench's own file, read as it is.
        videos: the folder that the entries' `video` is relative to.
        out: a folder that does not exist yet, or the finished result of the same settings.
        settings: what is asked how.

    Returns:
        `run.json`, and under `cost` what this call spent (no file holds it).

    Raises:
        UsageError: `out` or its journal was made with other settings; the message names them.
        DataError: the annotation file, the model or the journal is not what it should be.

    """
    entries = stratified(load_annotations(annotations), settings.sample, settings.seed)
    check_entries(entries)
    found = Videos(videos)
    known = identity(settings, model, annotations, found.sizes(entries))
    partial = out.with_name(f"{out.name}.partial")
    if out.exists():
        told = finished_before(out, known)
        shutil.rmtree(partial, ignore_errors=True)
        return {**told, "cost": asdict(Spent())}
    with open_journal(partial, known) as journal:
        spent = answer_all(entries, found, journal, open_engine(model, settings), settings)
        with new_dir(out) as scratch:
            told = write_product(scratch, entries, journal.done, known)
    shutil.rmtree(partial)
    return {**told, "cost": asdict(spent)}


def finished_before(out: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """`run.json` of a finished result; UsageError if `out` is something else."""
    if not (out / "run.json").is_file():
        raise UsageError(f"--out {out}: exists and is no OVO-Bench result; name a new folder")
    told: dict[str, Any] = read_json(out / "run.json")
    check_same(told["settings"], settings, out)
    return told


def answer_all(
    entries: Sequence[Entry], videos: Videos, journal: Journal, engine: Engine, settings: Settings
) -> Spent:
    """Answer what the journal does not hold yet, video by video in the order of the annotation file."""
    left: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if key_of(entry) not in journal.done:
            left[entry["video"]].append(entry)
    progress = Progress("ovo-bench", sum(map(len, left.values())))
    for video, clip in videos.open(list(left)):
        for line in answer_video(left[video], clip, engine, settings):
            journal.add(line)
            progress.step(note=video)
    return engine.spent


def answer_video(
    entries: Sequence[Entry], clip: Clip | Rejection, engine: Engine, settings: Settings
) -> Iterator[dict[str, Any]]:
    """The journal entries of one video: each answered, or rejected with its reason."""
    if isinstance(clip, Rejection):
        yield from (reject(entry, clip) for entry in entries)
        return
    items = [
        plan_item(entry, clip.turns, protocol=settings.protocol, seed=settings.seed) for entry in entries
    ]
    open_items = {item.key: item for item in items}
    try:
        for item, line in engine.answer(clip.path, items):
            del open_items[item.key]
            yield {"key": item.key, **line}
    except UnreadableVideoError as error:
        why = Rejection.of(UNREADABLE, str(error), clip.path, clip.video)
        yield from (reject(item.entry, why) for item in open_items.values())


def reject(entry: Entry, why: Rejection) -> dict[str, Any]:
    """The journal entry of what could not be asked."""
    return {"key": key_of(entry), "rejected": asdict(why)}
