"""A small world with its annotate stages and turn table, as review sees them: run, reviewed, run again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

from components.annotate.ground import TASK as GROUND
from components.annotate.reviewed import reviewed
from components.annotate.settings import Settings, annotate_shard, ground_shard
from components.core.files import read_json
from components.protocol import dialogues
from components.protocol.tables import read_samples
from components.protocol.turns import Dialogue
from components.review.desk import Desk
from components.review.journal import Journal
from components.review.sample import draw, read_labels
from components.review.server import ReviewServer
from components.video import corpus
from components.video.limits import Limits
from components.video.root import MediaRoot
from tests.support.small_world import params, small_world

TASKS = ("event_caption", "tsqa")  # and grounding, from the captions


@dataclass(frozen=True)
class ReviewWorld:
    """Videos, manifest and the stages annotate, ground and dialogues below `root`."""

    root: Path
    settings: Settings

    @property
    def media(self) -> Path:
        return self.settings.media

    @property
    def reviews(self) -> Path:
        """Where the stages look for reviews."""
        return self.media.parent / "reviews.jsonl"

    @property
    def products(self) -> list[Path]:
        return [self.root / "annotations" / f"{task}-0" for task in (*TASKS, GROUND)]

    @property
    def label_files(self) -> list[Path]:
        return [folder / "labels.json" for folder in self.products]

    def annotate(self) -> dict[str, Any]:
        """Run stages annotate and ground; every label by its id."""
        for task, folder in zip((*TASKS, GROUND), self.products, strict=True):
            folder.mkdir(parents=True, exist_ok=True)
            captions = self.products[0] / "labels.json"
            made = (
                ground_shard(captions, self.settings)
                if task == GROUND
                else annotate_shard(task, self.settings)
            )
            reviewed(made, self.settings).write(folder)
        return {label["id"]: label for file in self.label_files for label in read_json(file)}

    def turns(self) -> dict[str, Dialogue]:
        """Run stage dialogues; every sample of the turn table by its id."""
        out = self.root / "turns"
        out.mkdir(exist_ok=True)
        dialogues.run(out, self.products, self.settings.manifest, rules="corrected", fps=1.0)
        return {sample.sample_id: sample for sample in read_samples([out / "turns.parquet"])}


def review_world(root: Path, clips: int = 3) -> ReviewWorld:
    """Render the videos, examine them and run the annotate stages once."""
    small_world(root / "data", clips=clips)
    (root / "corpus").mkdir()
    data = root / "data"
    corpus.run(
        root / "corpus",
        media=data / "media",
        benchmark=data / "benchmark" / "ovo.json",
        sources=data / "sources.json",
        limits=Limits(),
    )
    weights = params()["annotate"]["weights"]
    files = (data / "labels.json", data / "media", root / "corpus" / "manifest.parquet")
    world = ReviewWorld(root, Settings("world", *files, weights, 0, [0], 0))
    world.annotate()
    return world


def copy_of(world: ReviewWorld, root: Path) -> ReviewWorld:
    """The same videos below another folder, without reviews; products of its own."""
    (root / "data").mkdir(parents=True)
    for name in ("media", "scenes"):
        (root / "data" / name).symlink_to(world.media.parent / name)
    copied = ReviewWorld(root, replace(world.settings, media=root / "data" / "media"))
    copied.annotate()
    return copied


@contextmanager
def page_of(world: ReviewWorld, ids: Sequence[str] = (), reviewer: str = "ann") -> Iterator[ReviewServer]:
    """The page over the labels with these ids, in this order; over a sample of six where none is named."""
    labels = read_labels(world.label_files)
    by_id = {label["id"]: label for label in labels}
    shown = [by_id[name] for name in ids] or draw(labels, 6, 0)
    with serving(Desk(shown, MediaRoot(world.media), Journal(world.reviews), reviewer)) as server:
        yield server


@contextmanager
def serving(desk: Desk) -> Iterator[ReviewServer]:
    """The page over a desk."""
    with ReviewServer(desk) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
