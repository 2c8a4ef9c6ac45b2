"""The corpus stage: every file of the media root ends in the manifest or, with a reason, in quarantine."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import write_json
from components.core.hashing import sha256_file
from components.core.progress import track
from components.video.limits import Limits
from components.video.manifest import BENCHMARK, CORPUS, Video, write_manifest
from components.video.origin import Origins, read_benchmark
from components.video.probe import probe_many
from components.video.result import Probe
from components.video.root import Found, MediaRoot

Quarantined = dict[str, str]


def run(out: Path, *, media: Path, benchmark: Path, sources: Path, limits: Limits) -> dict[str, Any]:
    """Probe every file below `media` and write the four files of artifacts/corpus.

    Args:
        out: folder to write `manifest.parquet`, `quarantine.json`, `benchmark.json` and `summary.json` to.
        media: the media root.
        benchmark: OVO-Bench annotations whose videos are held out; may be missing.
        sources: source and licence per video; may be missing.
        limits: what a file may cost and be.

    Returns:
        The summary.

    Raises:
        DataError: no such folder, a broken side file, or not one usable video.

    """
    annotations, origins = read_benchmark(benchmark), Origins(sources)
    held_out = {entry["video"] for entry in annotations}
    videos: list[Video] = []
    quarantine: list[Quarantined] = []
    files = list(MediaRoot(media).files())
    for found, result in track(_probed(files, limits), "probe", len(files)):
        if result.ok:
            videos.append(_video(found, result, held_out, origins))
        else:
            quarantine.append(_refused(_shown(found), result.reason or "", result.detail or ""))
    if not videos:
        reasons = Counter(row["reason"] for row in quarantine)
        raise DataError(
            f"{media}: not one usable video among {len(files)} files ({_counts(reasons) or 'empty'})"
        )
    usable = {video.video_id for video in videos}
    kept = [entry for entry in annotations if entry["video"] in usable]
    for entry in annotations:
        if entry["video"] not in usable:
            detail = f"{entry['video']} is not in the manifest"
            quarantine.append(_refused(f"benchmark/{entry['id']}", "benchmark_video_unusable", detail))
    quarantine.sort(key=lambda row: (row["id"], row["reason"]))
    summary = _summary(len(files), videos, quarantine, len(annotations), len(kept))
    write_manifest(out / "manifest.parquet", videos)
    write_json(out / "quarantine.json", quarantine)
    write_json(out / "benchmark.json", kept)
    write_json(out / "summary.json", summary)
    return summary


def _probed(files: list[Found], limits: Limits) -> Iterator[tuple[Found, Probe]]:
    """Each entry with its probe, in order; a refused link is not probed."""
    results = probe_many([found.path for found in files if found.reason is None], limits=limits)
    for found in files:
        if found.reason is None:
            yield found, next(results)
        else:
            yield found, Probe(found.video_id, found.reason, "replace the link by what it points to")


def _video(found: Found, result: Probe, held_out: set[str], origins: Origins) -> Video:
    origin = origins.of(found.video_id)
    facts = (result.duration_s, result.frames, result.fps, result.variable_rate, result.rotation)
    assert None not in facts and result.width and result.height and result.codec
    return Video(
        video_id=found.video_id,
        duration_s=float(result.duration_s or 0.0),
        frames=int(result.frames or 0),
        fps=float(result.fps or 0.0),
        variable_rate=bool(result.variable_rate),
        rotation=int(result.rotation or 0),
        width=result.width,
        height=result.height,
        codec=result.codec,
        sha256=sha256_file(found.path),
        role=BENCHMARK if found.video_id in held_out else CORPUS,
        source=origin.source,
        licence=origin.licence,
        note=result.note or "",
    )


def _shown(found: Found) -> str:
    return found.video_id.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _refused(identity: str, reason: str, detail: str) -> Quarantined:
    return {"id": identity, "reason": reason, "detail": detail}


def _summary(
    files: int, videos: list[Video], quarantine: list[Quarantined], annotations: int, kept: int
) -> dict[str, Any]:
    notes = Counter(note for video in videos for note in video.note.split("; ") if note)
    return {
        "files": files,
        "usable": len(videos),
        "roles": dict(Counter(video.role for video in videos)),
        "quarantined": dict(Counter(row["reason"] for row in quarantine)),
        "benchmark_annotations": {"in": annotations, "kept": kept},
        "duration_s": round(sum(video.duration_s for video in videos), 6),
        "variable_rate": sum(video.variable_rate for video in videos),
        "rotated": sum(video.rotation != 0 for video in videos),
        "notes": dict(notes),
    }


def describe(summary: dict[str, Any]) -> str:
    """The summary in one line for the terminal."""
    reasons = _counts(summary["quarantined"]) or "none"
    hours = summary["duration_s"] / 3600
    return (
        f"corpus: {summary['usable']} of {summary['files']} files usable ({_counts(summary['roles'])}), "
        f"{hours:.2f} h; quarantined: {reasons}"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
