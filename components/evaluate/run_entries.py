"""Annotation entries watched by one model, and what becomes of it: predictions, official rows, scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from components.evaluate.clock import ClockFit
from components.evaluate.ovo_format import Entry, Results
from components.evaluate.ovo_map import LetterMap
from components.evaluate.run_exchange import derange
from components.evaluate.run_models import Runner
from components.evaluate.run_queries import Query, make_queries, to_stream, whole_clips
from components.evaluate.scores import build_scores
from components.evaluate.streams import read_results
from components.infer.plans import Plan, Watched

Pairs = list[tuple[Query, Watched]]


@dataclass
class EntriesWatched:
    """Streams of entries; `exchanged` is None where that control was not run."""

    streams: Pairs
    exchanged: Pairs | None = None
    clips: list[tuple[Plan, Watched]] = field(default_factory=list)

    def results(self, entries: Sequence[Entry], letters: LetterMap | None = None) -> Results:
        """Official OVO-Bench rows of the entries."""
        return read_results(entries, [to_stream(*pair) for pair in self.streams], letters=letters)

    def scores(self, entries: Sequence[Entry], clock: ClockFit | None, seed: int) -> dict[str, Any]:
        """`scores.json` without the training step: `build_scores` and the letter mapping."""
        streams, letters = [to_stream(*pair) for pair in self.streams], LetterMap()
        shown = self.exchanged
        return {
            **build_scores(
                entries,
                self.results(entries, letters),
                clock_fit=clock,
                seed=seed,
                streams=streams,
                forced=read_results(entries, streams, forced=True),
                exchanged=read_results(entries, [to_stream(*pair) for pair in shown]) if shown else None,
            ),
            "mapping": dict(sorted(letters.counts.items())),
        }

    def predictions(self) -> dict[str, Any]:
        """`predictions.json` without the training step."""
        return {
            "schema": 1,
            "suite": "ovo",
            "streams": [row(*pair) for pair in self.streams],
            "exchanged": [row(*pair) for pair in self.exchanged or []],
            "clips": [clip(*pair) for pair in self.clips],
        }


def watch_entries(
    runner: Runner,
    entries: Sequence[Entry],
    *,
    label: str,
    seed: int,
    exchanged: bool = False,
    clips: bool = False,
) -> EntriesWatched:
    """Watch every entry's streams with the model in use.

    Args:
        runner: with a model in use.
        entries: annotation entries.
        label: of the progress line.
        seed: of the exchange.
        exchanged: also watch every stream on another entry's video.
        clips: also watch each video to its end (`run_queries.whole_clips`).

    """
    queries = make_queries(entries, runner.turns)
    swap = derange((query.video for query in queries), seed) if exchanged else {}
    control = make_queries(entries, runner.turns, swap) if exchanged else []
    whole = whole_clips(queries, runner.turns) if clips else []
    # One batch for all: streams that are alike in several parts are watched once.
    plans = [*(query.plan for query in [*queries, *control]), *whole]
    watched = runner.watch(plans, label)
    first, second = len(queries), len(queries) + len(control)
    return EntriesWatched(
        list(zip(queries, watched[:first], strict=True)),
        list(zip(control, watched[first:second], strict=True)) if exchanged else None,
        list(zip(whole, watched[second:], strict=True)),
    )


def row(query: Query, watched: Watched) -> dict[str, Any]:
    """One stream of `predictions.json`: `video` is the entry's, `shown` the one that was watched."""
    return {**to_stream(query, watched).plain(), "video": query.video, "shown": query.plan.video}


def clip(plan: Plan, watched: Watched) -> dict[str, Any]:
    """One whole clip of `predictions.json`, to be compared with `streamo stream --ask "text@at"`."""
    return {
        "video": plan.video,
        "asks": [{"text": text, "at": turn} for turn, text in plan.asks],
        "states": [turn.state.label for turn in watched.turns],
        "texts": {str(turn.turn): turn.text for turn in watched.turns if turn.text is not None},
    }
