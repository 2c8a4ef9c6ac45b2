"""Grounding sets: one label a query, given in advance at second 0; each span is told when it has ended."""

from collections.abc import Sequence
from typing import Any

from components.annotate.ground import TASK, span_text
from components.annotate.importers import checks
from components.annotate.importers.account import Draft
from components.annotate.importers.checks import NO_PART, TRIMMED
from components.protocol.labels import LabelError


def query(
    video: str, source: str, said: Any, spans: Sequence[tuple[Any, Any]], duration_s: float | None
) -> Draft:
    """The label of one query.

    An answer without one of its spans would be wrong, so a span that cannot be used rejects the row.

    Raises:
        LabelError: the reasons of `checks.span` and `checks.words`; `no_usable_part` without a span.

    """
    draft = Draft(video, TASK, source, [(TASK, checks.words(said), 0.0)], [], "grounding", duration_s)
    read = [checks.span(start, end, duration_s) for start, end in spans]
    if not read:
        raise LabelError(NO_PART, "the query has no span")
    for start, end in sorted({(start, end) for start, end, _ in read}, key=lambda span: (span[1], span[0])):
        draft.span(span_text(start, end), start, end)
    draft.notes += [TRIMMED] * sum(trimmed for *_, trimmed in read)
    repeated = len(read) - len(draft.responses)
    draft.notes += ["span_repeated"] * repeated
    return draft
