"""What is looked at again second by second: spans of captions, changes of a value, what becomes visible."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described
from components.annotate.engine.edges import BEGINS, CHANGES, ENDS, VISIBLE, Edge, around, look_again
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.engine.seen import stride
from components.annotate.engine.spans import Span, iou, span
from components.annotate.engine.step import Step

OVERLAP, REPEATS = "spans_overlap", "repeats"
Captions = Mapping[str, Sequence[Span]]
Row = dict[str, Any]
Wanted = Sequence[tuple[Described, Sequence[Row]]]


def captions(
    step: Step,
    asker: Asker,
    looks: Looks,
    settings: Settings,
    wanted: Sequence[tuple[Described, Captions]],
) -> dict[str, dict[str, list[Span]]]:
    """The spans of every caption to the second, by video_id, of clips that were shown at a stride.

    Whatever is wrong with one of them drops the clip, as with the captions themselves.
    """
    looked = [
        (one, text, place, _edges(one, stride(one, settings.frames), text, place, spans))
        for one, texts in wanted
        for text, spans in texts.items()
        for place in spans
        if stride(one, settings.frames) > 1
    ]
    look_again(
        step, asker, looks, settings.frames, list(chain(*(edges for *_, edges in looked))), needed=True
    )
    found: dict[str, dict[str, list[Span]]] = {}
    coarse: dict[tuple[str, str], dict[Span, Span]] = {}  # where each refined span was before
    for one, text, place, edges in looked:
        if one.open:
            kept = coarse.setdefault((one.clip.video_id, text), {})
            _keep(one, f"{step.name} {text[:40]!r}", place, edges, kept)
            found.setdefault(one.clip.video_id, {})[text] = sorted(kept)
    return found


def _keep(one: Described, where: str, place: Span, edges: Sequence[Edge], kept: dict[Span, Span]) -> None:
    """Add a refined span to those of its caption; one at fault drops the clip."""
    again = _between(one, where, edges, instant=False)
    if again is None:
        one.dropped = one.refused[-1][0]
    elif any(iou(again, other) > 0 and iou(place, before) == 0 for other, before in kept.items()):
        one.drop(
            OVERLAP, f"{where}: [{place[0]:g}, {place[1]:g}) is [{again[0]:g}, {again[1]:g}) like another"
        )
    elif again in kept:
        one.refuse(REPEATS, f"{where}: [{again[0]:g}, {again[1]:g}) again")
    else:
        kept[again] = place


def changes(
    step: Step, asker: Asker, looks: Looks, settings: Settings, wanted: Wanted
) -> dict[str, list[Row | None]]:
    """Changes with their `start` and `end` to the second, by video_id and in order; None: one at fault."""
    looked: list[tuple[Described, Row, list[Edge]]] = []
    for one, rows in wanted:
        wide = stride(one, settings.frames)
        for row in rows:
            alike = [
                (other["start"], other["end"])
                for other in rows
                if (other["subject"], other["aspect"]) == (row["subject"], row["aspect"])
            ]
            what = f"{row['subject']} ({row['aspect']}): {row['before'] or '?'} -> {row['after']}"
            place = (row["start"], row["end"])
            looked.append((one, row, _edges(one, wide, what, place, alike) if wide > 1 else []))
    look_again(
        step, asker, looks, settings.frames, list(chain(*(edges for *_, edges in looked))), needed=False
    )
    found: dict[str, list[Row | None]] = {one.clip.video_id: [] for one, _ in wanted}
    for one, row, edges in looked:
        where = f"{step.name} {row['subject'][:40]!r}"
        exact = _between(one, where, edges, instant=True) if edges else None
        again = {**row, "start": exact[0], "end": exact[1]} if exact else None
        found[one.clip.video_id].append(again if edges else row)
    return found


def reveals(
    step: Step, asker: Asker, looks: Looks, settings: Settings, wanted: Wanted
) -> dict[str, list[Row]]:
    """What becomes visible, with its `time` to the second, by video_id; one at fault is set aside alone."""
    looked: list[tuple[Described, Row, Edge | None]] = []
    for one, rows in wanted:
        wide = stride(one, settings.frames)
        for row in rows:
            what = f"{row['query']}: {row['text']}"
            looked.append((one, row, around(one, wide, VISIBLE, what, row["time"]) if wide > 1 else None))
    edges = [edge for *_, edge in looked if edge is not None]
    look_again(step, asker, looks, settings.frames, edges, needed=False)
    found: dict[str, list[Row]] = {one.clip.video_id: [] for one, _ in wanted}
    for one, row, edge in looked:
        if edge is None:
            found[one.clip.video_id].append(row)
        elif edge.second is not None:
            found[one.clip.video_id].append({**row, "time": edge.second})
    return found


def _edges(one: Described, wide: int, what: str, place: Span, alike: Sequence[Span]) -> list[Edge]:
    """Beginning and end of a span; of an instant the one edge that it is."""
    start, end = place
    others = [other for other in alike if other != place]
    if start == end:
        return [around(one, wide, CHANGES, what, start, others=others)]
    return [
        around(one, wide, BEGINS, what, start, others=others),
        around(one, wide, ENDS, what, end, since=start, others=others),
    ]


def _between(one: Described, where: str, edges: Sequence[Edge], *, instant: bool) -> Span | None:
    """The span from the first edge to the last; None where one is lost, or it is no span."""
    start, end = edges[0].second, edges[-1].second
    if start is None or end is None:
        return None
    return span(one, where, start, end, instant=instant)
