"""Cohen's kappa: how far two raters agree beyond what their habits alone would bring about."""

from collections.abc import Hashable, Sequence

import numpy as np

from components.annotate.quality.figures import FigureDict, Sums, figure


def kappa_of_counts(sums: Sums) -> Sums:
    """Kappa of confusion counts (..., k * k), row by row; NaN where both raters know one class only.

    kappa = (p_o - p_e) / (1 - p_e), p_o the share of equal verdicts and p_e that of raters who deal out the
    same verdicts at random (Cohen 1960).
    """
    classes = round(float(np.sqrt(sums.shape[-1])))
    table = sums.reshape(*sums.shape[:-1], classes, classes)
    total = table.sum(axis=(-2, -1))
    same = np.trace(table, axis1=-2, axis2=-1) * total
    chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1)
    room = total * total - chance
    values: Sums = np.divide(same - chance, room, out=np.full_like(total, np.nan), where=room > 0)
    return values


def kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    videos: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
) -> FigureDict:
    """Kappa of two raters over the same items, e.g. two reviewers over the same labels.

    Args:
        first: one verdict per item.
        second: of the other rater, in the same order.
        videos: the video of each item; None: every item is a video of its own, which makes the interval too
            narrow where several items come from one video.
        seed: of the bootstrap over videos.

    Returns:
        `{value, low, high, n, videos}`; no value where there is no item, or both raters gave one and the same
        verdict throughout (agreement by chance is then certain).

    Raises:
        ValueError: the lists differ in length.

    """
    groups = list(range(len(first))) if videos is None else list(videos)
    if not len(first) == len(second) == len(groups):
        raise ValueError(f"expected as many verdicts on both sides, found {len(first)} and {len(second)}")
    names = sorted({*first, *second}, key=str)
    code = {name: number for number, name in enumerate(names)}
    place = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    rows = np.zeros((len(place), max(1, len(names)) ** 2))
    for one, other, group in zip(first, second, groups, strict=True):
        rows[place[group], code[one] * len(names) + code[other]] += 1
    return figure(rows, kappa_of_counts, rows.sum(axis=1), seed)
