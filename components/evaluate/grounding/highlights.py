"""Highlight detection by the rule of QVHighlights: do clip scores find what three people liked?

A clip is right at a level if its saliency there (0 to 4, per person) is at least 2 (Fair), 3 (Good) or 4
(VeryGood). mAP: AP per person, averaged. Hit1: whether the clip with the highest score is right for anyone.
"""

from collections.abc import Sequence

from components.evaluate.grounding.average_precision import score_ap
from components.evaluate.grounding.files import Saliency

LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}


def table_of(truth: Saliency, clips: int) -> list[list[float]]:
    """Saliency of every clip of the video by person; 0 for a clip that nobody was asked about."""
    people = max((len(row) for row in truth.scores), default=0)
    rows = [[0.0] * people for _ in range(clips)]
    for clip, scores in zip(truth.clips, truth.scores, strict=True):
        if clip < clips:
            rows[clip] = list(scores)
    return rows


def credits(scores: Sequence[float], truth: Saliency) -> dict[str, float]:
    """`HL-<level>-mAP` and `HL-<level>-Hit1` of one query, 0 to 1; clips without a score have 0."""
    rows = table_of(truth, truth.count)
    given = [*scores, *[0.0] * len(rows)][: len(rows)]
    top = max(range(len(scores)), key=lambda index: (scores[index], -index), default=None)
    found: dict[str, float] = {}
    for name, least in LEVELS.items():
        columns = [[value >= least for value in column] for column in zip(*rows, strict=True)]
        aps = [score_ap(given, column) for column in columns]
        found[f"HL-{name}-mAP"] = sum(aps) / len(aps) if aps else 0.0
        hit = top is not None and top < len(rows) and any(value >= least for value in rows[top])
        found[f"HL-{name}-Hit1"] = float(hit)
    return found
