"""Which labels a reviewer is shown: seeded, balanced over tasks, quiet labels (no response) among them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from components.annotate.reviews import label_sha256
from components.core.errors import DataError
from components.core.files import read_json
from components.core.seeds import rng
from components.protocol import reasons
from components.protocol.labels import LabelError, read_label
from components.video.root import MediaRoot

RawLabel = dict[str, Any]


def read_labels(paths: Sequence[Path]) -> list[RawLabel]:
    """The labels of several files, each with an id of its own.

    Raises:
        DataError: a file is no list of labels, a label has no id, or two bear the same.

    """
    labels: dict[str, RawLabel] = {}
    for path in paths:
        raws = read_json(path)
        if not isinstance(raws, list) or not all(isinstance(raw, dict) for raw in raws):
            raise DataError(f"{path}: expected a JSON list of raw labels")
        for number, raw in enumerate(raws):
            name = raw.get("id")
            if not (isinstance(name, str) and name):
                raise DataError(
                    f"{path}: label {number} has no id; review what stages annotate and ground made of it"
                    " (artifacts/annotations/*/labels.json)"
                )
            if name in labels:
                raise DataError(f"{path}: label {number}: another label bears the id {name!r}")
            labels[name] = raw
    return list(labels.values())


def showable(labels: Sequence[RawLabel], media: MediaRoot) -> tuple[list[RawLabel], Counter[str]]:
    """The labels that can be shown, and how many cannot: `malformed`, or `unknown_video` below the root."""
    kept, aside = [], Counter[str]()
    files: dict[str, bool] = {}
    for label in labels:
        try:
            video = read_label(label).video_id
            label_sha256(label)
        except LabelError as error:
            aside[error.reason] += 1
            continue
        except ValueError:  # NaN or half of a surrogate pair: no JSON can hold the label, no review name it
            aside[reasons.MALFORMED] += 1
            continue
        if video not in files:
            files[video] = _exists(video, media)
        if files[video]:
            kept.append(label)
        else:
            aside[reasons.UNKNOWN_VIDEO] += 1
    return kept, aside


def _exists(video_id: str, media: MediaRoot) -> bool:
    try:
        media.resolve(video_id)
    except DataError:
        return False
    return True


def draw(labels: Sequence[RawLabel], count: int, seed: int) -> list[RawLabel]:
    """Up to `count` labels, in turn from every stratum, so that any beginning of the list is balanced too.

    A stratum is a task, parted into labels with and without a response: among the quiet ones a reviewer finds
    the events that were missed. Two reviewers with one seed are shown the same labels.
    """
    strata: dict[tuple[str, bool], list[RawLabel]] = defaultdict(list)
    for label in sorted(labels, key=lambda label: str(label["id"])):
        strata[str(label.get("task_type") or ""), not label.get("response")].append(label)
    shuffled = [
        [members[int(place)] for place in rng(seed, "review", *stratum).permutation(len(members))]
        for stratum, members in sorted(strata.items())
    ]
    in_turn = [label for row in zip_longest(*shuffled) for label in row if label is not None]
    return in_turn[:count]
