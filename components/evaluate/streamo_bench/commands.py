"""What `streamo streamo-bench` does: parsed arguments in, what is told out."""

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.core.hashing import sha256_file
from components.evaluate.streamo_bench import format
from components.evaluate.streamo_bench.leak import check_apart
from components.evaluate.streamo_bench.make import Recipe
from components.evaluate.streamo_bench.make import make as make_set
from components.evaluate.streamo_bench.score import count_kinds
from components.evaluate.streamo_bench.timelines import LICENCES, Timeline, read_public


def make(args: argparse.Namespace) -> dict[str, Any]:
    """Write a set; UsageError for arguments that cannot be meant, DataError for files with too little."""
    if args.videos < 0 or "{video}" not in args.path:
        raise UsageError(
            f"--videos {args.videos} --path {args.path}: expected 0 or more, and a {{video}} in it"
        )
    timelines: list[Timeline] = []
    sources, left_out = [], Counter[str]()
    for given in args.files:
        source, separator, name = given.partition("=")
        if not separator or not source:
            raise UsageError(f"{given}: expected SOURCE=FILE, such as activitynet_captions=val.json")
        found, counts = read_public(Path(name), source)
        timelines += [replace(one, video_id=args.path.replace("{video}", one.video_id)) for one in found]
        left_out += counts
        licence = LICENCES.get(source, "unknown")
        digest = sha256_file(Path(name))
        sources.append({"name": source, "licence": licence, "file": Path(name).name, "sha256": digest})
    recipe = Recipe(args.name, args.seed, args.videos or None)
    bench = make_set(timelines, recipe, sources=sources, left_out=left_out)
    format.save(args.out, bench)
    return {"out": str(args.out), **told(bench)}


def check(args: argparse.Namespace) -> dict[str, Any]:
    """Say what a set holds; DataError where it is broken or holds a video that was trained on."""
    from components.evaluate.streamo_bench.benchmark import trained_videos

    bench = format.load(args.set)
    apart = None
    if args.trained_on is not None:
        trained = trained_videos(args.trained_on)
        check_apart(bench, trained, str(args.trained_on))
        apart = len(trained)
    return {"set": str(args.set), **told(bench), "apart_from": apart}


def told(bench: format.BenchSet) -> dict[str, Any]:
    """A set in numbers."""
    return {
        "videos": len(bench.videos),
        "tasks": len(bench.tasks),
        "kinds": count_kinds(bench),
        "left_out": bench.left_out,
        "fingerprint": bench.fingerprint(),
    }


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Let a model watch every task's video online and write predictions.

    Raises:
        DataError: a video is missing, cannot be decoded, or ends before a question on it.

    """
    from components.evaluate.run_models import Runner
    from components.evaluate.standalone import check_model
    from components.evaluate.streamo_bench.run import questions, watch

    check_model(args.model)
    bench = format.load(args.set)
    turns = lengths(args.media, sorted({task.video_id for task in bench.tasks}))
    runner = Runner(args.media, turns, max_new_tokens=args.max_new_tokens)
    runner.use(args.model)
    rows = watch(runner, questions(bench), turns, "streamo-bench")
    head = {"schema": 1, "suite": "streamo_bench", "set": bench.fingerprint()}
    write_json(args.out, {**head, "streams": rows})
    return {"out": str(args.out), "tasks": len(rows), "turns": runner.spent.turns}


def lengths(media: Path, videos: Iterable[str]) -> dict[str, int]:
    """Turns of each video, by probing it."""
    from components.video.limits import Limits
    from components.video.probe import probe_many
    from components.video.root import MediaRoot

    names = list(videos)
    root = MediaRoot(media)
    probes = probe_many([root.resolve(name) for name in names], limits=Limits())
    found: dict[str, int] = {}
    for name, probe in zip(names, probes, strict=True):
        if not probe.ok or probe.turns is None:
            raise DataError(
                f"{media / name}: {probe.reason}: {probe.detail}; the set needs every one of its videos"
            )
        found[name] = probe.turns
    return found
