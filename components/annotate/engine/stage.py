"""Stage annotate with teacher `openai`: from the section of params.yaml to labels."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.annotate.engine.estimate import Plan, plan
from components.annotate.engine.looks import Looks
from components.annotate.engine.run import annotate_clips
from components.annotate.engine.section import make_asker, read_settings
from components.annotate.outcome import Outcome
from components.annotate.run import Weights
from components.annotate.samples import Clip
from components.video.framestore.settings import open_store
from components.video.root import MediaRoot


def annotate_stage(
    task: str,
    clips: Sequence[Clip],
    section: Mapping[str, Any],
    *,
    media: Path,
    weights: Weights,
    seed: int,
    root: Path = Path(),
) -> Outcome:
    """The labels of one task and shard.

    Args:
        task: a key of `PIPELINES`.
        clips: of the shard, in order.
        section: `annotate.openai` of params.yaml.
        media: the media root.
        weights: expected samples of a clip, per kind.
        seed: of the samples drawn and of the waits between attempts, of no question.
        root: the checkout; its params.yaml holds the endpoints.

    Raises:
        UsageError: the section or an endpoint cannot be used as it is.
        UnansweredError, BudgetError, EndpointError: see `annotate_clips`.
        StoreError: the share of answers and frames does not do its part.

    """
    settings = read_settings(section)
    asker = make_asker(section, root=root, seed=seed)
    with open_store(root) as store:
        looks = Looks(MediaRoot(media), settings.side, store)
        outcome = annotate_clips(task, clips, asker, looks, settings, weights=weights, seed=seed)
        print(f"frames: {looks.counted()}", file=sys.stderr, flush=True)
        return outcome


def plan_stage(
    task: str, clips: Sequence[Clip], section: Mapping[str, Any], *, media: Path, root: Path = Path()
) -> Plan:
    """What `annotate_stage` would ask, take and cost; nothing is sent. Arguments and errors as there."""
    settings = read_settings(section)
    with open_store(root) as store:
        looks = Looks(MediaRoot(media), settings.side, store)
        return plan(task, clips, make_asker(section, root=root), looks, settings)
