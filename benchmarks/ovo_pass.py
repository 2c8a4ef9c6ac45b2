"""OVO-Bench: one pass a video for all its entries against a stream of its own for each, on the same videos.

    python benchmarks/ovo_pass.py MODEL ovo_bench_new.json [--videos 4] [--longest 200] [--fps 1]

Draws entries (seeded) whose videos are asked until at most `--longest` seconds, makes stand-ins of these
videos, and asks every entry of them both ways: a video of many entries is drawn more often, as it costs more.
The answers must be equal. Prints turns, forwards, tokens and processor seconds, with their ratios; then the
ratio of turns over the whole annotation file, which needs no model.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.core.process import fix_environment

fix_environment()

from components.core.seeds import rng
from components.evaluate.ovo_bench.engines import Streaming
from components.evaluate.ovo_bench.items import Item, check_entries, key_of, plan_item
from components.evaluate.ovo_bench.settings import Settings, window_of
from components.evaluate.ovo_format import Entry, load_annotations
from tests.support.standins import make_standins, needed_s

Answers = dict[str, dict[str, Any]]  # journal lines by entry
MEASURES = ("turns", "forwards", "tokens", "seconds")


def by_video(entries: list[Entry]) -> dict[str, list[Item]]:
    """The items of each video, planned as if it ended a second after its last point."""
    ends, found = needed_s(entries), defaultdict(list)
    for entry in entries:
        turns = int(ends[entry["video"]]) + 2
        found[entry["video"]].append(plan_item(entry, turns, protocol="online", seed=0))
    return dict(found)


def shared_turns(items: list[Item]) -> int:
    """Turns of one pass: the stream before any question once, and every stream from its question on."""
    trunk = max(ask.turn for item in items for ask in item.asks)
    return trunk + sum(ask.last - ask.turn + 1 for item in items for ask in item.asks)


def own_turns(items: list[Item]) -> int:
    """Turns where every stream watches from the beginning."""
    return sum(ask.last + 1 for item in items for ask in item.asks)


def measure(engine: Streaming, videos: Path, groups: list[list[Item]]) -> tuple[dict[str, float], Answers]:
    """What asking the groups costs, each group in a pass of its own, and the answers."""
    before, begun = asdict(engine.spent), time.process_time()
    answers: Answers = {}
    for group in groups:
        path = videos / group[0].entry["video"]
        answers.update({item.key: line for item, line in engine.answer(path, group)})
    spent = {name: value - before[name] for name, value in asdict(engine.spent).items()}
    return {**spent, "seconds": time.process_time() - begun}, answers


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("--videos", type=int, default=4)
    parser.add_argument("--longest", type=float, default=200.0)
    parser.add_argument("--fps", type=int, default=1)
    args = parser.parse_args()
    entries = load_annotations(args.annotations)
    check_entries(entries)
    items, ends = by_video(entries), needed_s(entries)
    short = [entry["video"] for entry in entries if ends[entry["video"]] <= args.longest]
    order = rng(0, "ovo_pass").permutation(len(short))
    drawn = list(dict.fromkeys(short[place] for place in order))[: args.videos]
    asked = [item for video in drawn for item in items[video]]
    print(f"{len(drawn)} videos of {len(set(short))} up to {args.longest:g} s, {len(asked)} entries")
    settings = Settings(fps=args.fps, window_turns=window_of(args.model))
    engine = Streaming(args.model, settings)
    with tempfile.TemporaryDirectory() as folder:
        make_standins(args.annotations, Path(folder), only=drawn)
        own, alone = measure(engine, Path(folder), [[item] for item in asked])
        one, together = measure(engine, Path(folder), [items[video] for video in drawn])
    if alone != together:
        other = [key for key in alone if alone[key] != together[key]]
        raise SystemExit(f"answers differ: {', '.join(other)}")
    print(f"{'':10s}{'each alone':>12s}{'one pass':>12s}{'ratio':>8s}")
    for name in MEASURES:
        print(f"{name:10s}{own[name]:12.1f}{one[name]:12.1f}{own[name] / one[name]:8.2f}")
    print(f"answers equal: {len(alone)} of {len({key_of(item.entry) for item in asked})}")
    total = [sum(map(count, items.values())) for count in (own_turns, shared_turns)]
    print(f"turns of all {len(entries)} entries: {total[0]} and {total[1]}, ratio {total[0] / total[1]:.2f}")


if __name__ == "__main__":
    main()
