"""The body of stage `dataset`: from gated turns to shards, split, summary and card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from components.core.errors import DataError, UsageError
from components.core.files import read_json, write_json, write_text
from components.core.hashing import fingerprint
from components.core.progress import track
from components.dataset.alike import alike_pairs, group
from components.dataset.card import licence_file, render_card
from components.dataset.croissant import Publication, parts_of, render
from components.dataset.labelled import labelled
from components.dataset.origins import write_videos
from components.dataset.plots import write_plots
from components.dataset.shards import keep_samples
from components.dataset.signature import look_all
from components.dataset.split import split_videos
from components.dataset.summary import quarantine, summarise
from components.dataset.write import write_sides
from components.protocol.tables import EVENT_SCHEMA
from components.video.manifest import BENCHMARK, Video, read_manifest
from components.video.root import MediaRoot


@dataclass(frozen=True)
class Inputs:
    """Where the stage reads: the media root and products; `annotations` are those its turns were made of."""

    media: Path
    corpus: Path
    turns: Path
    validation: Path
    annotations: Sequence[Path]

    def products(self) -> list[Path]:
        """Every product with a receipt."""
        return [self.corpus, *self.annotations, self.turns, self.validation]


def build(
    out: Path, inputs: Inputs, about: Publication, *, share: float, shard_rows: int, seed: int
) -> dict[str, Any]:
    """Write the product into `out` and return its summary.

    Raises:
        DataError: the gate has not passed these turns, a turn's video is not in the manifest, an input has no
            receipt, or a file cannot be read.
        UsageError: `dataset.validation_share` or `dataset.shard_rows` is out of range.

    """
    if not 0 < share < 1:
        raise UsageError(f"dataset.validation_share: expected a number between 0 and 1, got {share!r}")
    if shard_rows < 1:
        raise UsageError(f"dataset.shard_rows: expected at least 1, got {shard_rows!r}")
    check_gate(inputs)
    videos = {video.video_id: video for video in read_manifest(inputs.corpus / "manifest.parquet")}
    groups = content_groups(videos, inputs.media)
    sha256 = {name: video.sha256 for name, video in videos.items()}
    tested = {name for name, video in videos.items() if video.role == BENCHMARK}
    split = split_videos(groups, sha256, tested, share=share, seed=seed)
    written = write_sides(out, inputs.turns / "turns.parquet", split, shard_rows)
    events = keep_samples(inputs.turns / "events.parquet", out / "events.parquet", EVENT_SCHEMA, written.kept)
    summary = summarise(split, videos, groups, written, labelled(inputs.annotations))
    summary |= {"events": events, "shards": written.shards}
    write_videos(out / "videos.parquet", split.side, videos)
    write_json(out / "split.json", split.side)
    write_json(out / "quarantine.json", quarantine(split))
    write_json(out / "summary.json", summary)
    describe(out, summary, inputs, about)
    return summary


def describe(out: Path, summary: dict[str, Any], inputs: Inputs, about: Publication) -> None:
    """Write card, licences and plots, and last the metadata, which hashes the other files."""
    write_plots(out / "plots", summary["composition"])
    write_text(out / "README.md", render_card(summary, about))
    write_text(out / "LICENSE.md", licence_file(summary))
    receipts = {path.as_posix(): fingerprint(read_json(path / "identity.json")) for path in inputs.products()}
    write_json(out / "croissant.json", render(summary, parts_of(out), receipts, about))


def check_gate(inputs: Inputs) -> None:
    """Refuse turns that the gate has not passed."""
    path = inputs.validation / "result.json"
    result = read_json(path)
    rows = pq.read_metadata(inputs.turns / "turns.parquet").num_rows
    if result.get("success") is not True:
        raise DataError(f"{path}: the gate has not passed; mend the turns and run stage validate again")
    if result.get("rows") != rows:
        raise DataError(
            f"{path}: judged {result.get('rows')} turns, {inputs.turns} has {rows}; run validate again"
        )


def content_groups(videos: Mapping[str, Video], media: Path) -> list[list[str]]:
    """Groups of videos with the same content; equal files are decoded once."""
    root, by_content = MediaRoot(media), {video.sha256: name for name, video in videos.items()}
    names = sorted(by_content.values())
    wanted = {name: (root.resolve(name), videos[name].duration_s) for name in names}
    signatures = dict(track(look_all(wanted), "dataset: look", len(names)))
    sha256 = {name: video.sha256 for name, video in videos.items()}
    return group(sorted(videos), sha256, alike_pairs(signatures))
