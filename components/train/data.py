"""Samples of both splits, and the packs that a plan's draws become."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from components.core.errors import InternalError
from components.model.adapter import Adapter
from components.model.encode import Tokens, encode_tokens
from components.model.features import FeatureCache, Seen
from components.model.pack import Pack, pack
from components.protocol.turns import Dialogue
from components.protocol.windows import window
from components.train.labels import label_counts
from components.train.methods import as_taught
from components.train.order import Draw, Sample
from components.train.packing import best_fit
from components.train.recipe import Recipe
from components.train.samples import read_split
from components.train.sizes import Measure
from components.train.windows import cut
from components.video.root import MediaRoot
from components.video.source import VideoSource


@dataclass(frozen=True)
class Data:
    """Samples of both splits, what their frames look like to the tower, and how long they are."""

    train: Sequence[Dialogue]
    validation: Sequence[Dialogue]
    cache: FeatureCache
    measure: Measure

    def encode(self, draws: Sequence[Draw], *, split: str = "train") -> Pack:
        """The pack of some draws; the vision tower runs at most once for it where nothing is cached.

        Raises:
            InternalError: a sequence has other labels than planned: alpha and |M| of its step would be wrong.

        """
        dialogues = [getattr(self, split)[draw.sample.index] for draw in draws]
        wanted = [
            (dialogue.video_id, draw.span.first, draw.span.last + 1)
            for dialogue, draw in zip(dialogues, draws, strict=True)
        ]
        seen = self.cache.get_all(wanted)
        tokens = [
            encode_draw(self.cache.adapter, dialogue, draw, shown)
            for dialogue, draw, shown in zip(dialogues, draws, seen, strict=True)
        ]
        for made, draw, dialogue in zip(tokens, draws, dialogues, strict=True):
            self._compare(made, draw, dialogue)
        # The validation packs stay for the whole run: in host memory, or their rows would fill a card.
        rows = [torch.cat(shown.rows).cpu() for shown in seen]
        return pack(list(zip(tokens, rows, strict=True)))

    def _compare(self, made: Tokens, draw: Draw, dialogue: Dialogue) -> None:
        """What was made against the plan. Pictures may change the length, but never a label."""
        if len(made.input_ids) != draw.span.tokens:
            said = f"{len(made.input_ids)} tokens, planned {draw.span.tokens}"
            where = f"video {dialogue.video_id} has pictures of another size than its header tells"
            print(f"sample {dialogue.sample_id}: {said}: {where}", file=sys.stderr)
        labels = label_counts(made.labels[None], self.cache.adapter.state_ids)
        if labels != draw.labels:
            raise InternalError(
                f"sample {dialogue.sample_id}, turns {draw.span.learn} to {draw.span.last}: labels {labels} "
                f"(silence, standby, response, all), planned {draw.labels}; the step's alpha would be wrong: "
                "components.train.sizes must count what components.model.encode makes"
            )


def open_data(adapter: Adapter, dataset: Path, media: Path, recipe: Recipe, method: str = "focal") -> Data:
    """Both splits of the dataset stage's folder, and the videos below the media root; DataError without.

    `method`: rivals are taught other states (`methods.as_taught`).
    """
    source = VideoSource(MediaRoot(media))
    train, validation = (
        [as_taught(sample, method) for sample in read_split(dataset, split)]
        for split in ("train", "validation")
    )
    return Data(
        train,
        validation,
        FeatureCache(adapter, source, budget_mb=recipe.cache_mb),
        Measure(adapter, source.size),
    )


def encode_draw(adapter: Adapter, dialogue: Dialogue, draw: Draw, seen: Seen) -> Tokens:
    """The tokens of a draw, as a stream that keeps as many turns holds them at its last one."""
    span = draw.span
    turns = window(dialogue.turns, span.last, span.last - span.first + 1)
    shown = replace(dialogue, turns=turns)
    return encode_tokens(adapter, shown, seen.grids, draw.sample.offset, learn=span.learn)


def check_packs(data: Data, recipe: Recipe) -> list[Pack]:
    """The validation slice that the curves are drawn from."""
    return list(slice_packs(data, recipe, split="validation", count=recipe.check_samples))


def slice_packs(data: Data, recipe: Recipe, *, split: str, count: int) -> Iterator[Pack]:
    """At most `count` evenly spaced samples of a split without offset, packed; a longer one is cut, too."""
    samples: Sequence[Dialogue] = getattr(data, split)
    count = min(count, len(samples))
    draws = []
    for place in range(count):
        sample = Sample(place * len(samples) // count, 0)
        sizes = data.measure.sizes(samples[sample.index], 0)
        spans, _ = cut(sizes, budget=recipe.token_budget, width=recipe.window_turns)
        draws += [Draw(sample, span, sizes.learnt(span)) for span in spans]
    packs = best_fit([draw.span.tokens for draw in draws], recipe.token_budget)
    for chosen in packs:
        yield data.encode([draws[index] for index in chosen], split=split)
