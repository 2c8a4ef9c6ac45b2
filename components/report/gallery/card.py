"""One sample of the gallery as an article: frames, states, spans over one time axis, question, answers."""

from collections.abc import Sequence
from math import ceil

from components.core.files import dumps
from components.protocol.states import State
from components.report.gallery.frames import Still, every
from components.report.gallery.samples import Shown
from components.report.html import Html, details, paragraph, tag

LONG = 8  # answers that are shown unfolded
LANES = 4
MOST = 500  # answers, questions, spans and blocks of a sample: a day of narration would be a page of its own
LETTERS = 2000  # of a text
SAYS = State.RESPONSE.label


def card(shown: Shown, frames: Sequence[Still], missing: str, number: int) -> Html:
    """The article; `missing` says why there are no frames, if there are none."""
    turns = len(shown.states)
    identity = f"sample-{number}"
    head = tag(
        "header",
        tag("span", shown.task.replace("_", " "), class_="badge"),
        tag("h2", shown.sample_id, id=identity),
    )
    axis = tag(
        "div",
        film(frames, turns) if frames else paragraph(f"No frames: {missing}", class_="quiet"),
        asked(shown),
        bars(shown),
        spans(shown),
        ticks(turns),
        cursor(identity, shown),
        class_="axis",
        style=f"--turns:{turns}",
    )
    return tag(
        "article",
        head,
        tag("ul", *[said(turn, text, "asked") for turn, text in shown.questions[:MOST]], class_="asked"),
        tag(
            "div", axis, class_="scroll", tabindex="0", role="group", aria_label="time axis, scrolls sideways"
        ),
        tag("p", class_="now", aria_live="polite"),
        answers(shown),
        *beyond(shown),
        facts(shown),
        aria_labelledby=identity,
        data_task=shown.task,
        data_source=shown.source,
        data_runs=dumps(shown.runs(), indent=None).strip(),
    )


def film(frames: Sequence[Still], turns: int) -> Html:
    """The frames, each as wide as the turns it stands for."""
    wide = every(turns)
    pictures = [
        tag(
            "img",
            src=uri,
            alt=f"frame at {turn} s",
            title=f"{turn} s",
            style=f"grid-column:{turn + 1}/span {min(wide, turns - turn)}",
        )
        for turn, uri in frames
    ]
    return tag("div", *pictures, class_="film")


def asked(shown: Shown) -> Html:
    """A mark where a question is asked."""
    marks = [
        tag("small", "?", title=brief(text), style=f"grid-column:{turn + 1}")
        for turn, text in shown.questions[:MOST]
    ]
    return tag("div", *marks, class_="questions", aria_hidden="true")


def bars(shown: Shown) -> Html:
    """One block a stretch of one state, one a turn of responses, of which each says something of its own.

    States differ in height and pattern as well as in colour. Stretches beyond `MOST` are not drawn; with as
    many answers, those of one stretch are one block.
    """
    runs = shown.runs()
    single = len(shown.answers) <= MOST
    blocks = [
        tag(
            "i",
            class_=state,
            title=f"{state}, {seconds(begin, end)}",
            style=f"grid-column:{begin + 1}/{end + 1}",
        )
        for state, start, stop in runs[:MOST]
        for begin, end in (
            [(turn, turn + 1) for turn in range(start, stop)] if state == SAYS and single else [(start, stop)]
        )
    ]
    told = "; ".join(f"{state} {seconds(start, stop)}" for state, start, stop in runs[:MOST])
    return tag("div", *blocks, class_="states", role="img", aria_label=f"states: {told}")


def spans(shown: Shown) -> Html:
    """The labelled spans as brackets, in at most `LANES` rows where they overlap; instants as marks."""
    turns, ends = len(shown.states), [0.0] * LANES
    marks = []
    for start, end, text in shown.events[:MOST]:
        lane = next((place for place, free in enumerate(ends) if free <= start), LANES - 1)
        ends[lane] = max(end, start + 0.5)
        left, wide = 100 * min(start, turns) / turns, 100 * max(min(end, turns) - start, 0) / turns
        kind = "span" if end > start else "instant"
        where = f"left:{left:.3f}%;width:{wide:.3f}%;top:{9 * lane}px"
        marks.append(tag("b", class_=kind, style=where, title=f"{brief(text)} ({seconds(start, end)})"))
    used = max((place + 1 for place, free in enumerate(ends) if free), default=0)
    return tag("div", *marks, class_="spans", style=f"height:{9 * used}px", aria_hidden="true")


def ticks(turns: int) -> Html:
    """Seconds below the blocks."""
    steps = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
    step = next((one for one in steps if turns / one <= 12), ceil(turns / 12))
    marks = [
        tag("small", f"{turn} s", style=f"left:{100 * turn / turns:.3f}%") for turn in range(0, turns, step)
    ]
    return tag("div", *marks, class_="ticks", aria_hidden="true")


def cursor(identity: str, shown: Shown) -> Html:
    """A slider over the seconds, at the first answer; hidden until the script is there to answer it."""
    return tag(
        "input",
        type="range",
        min=0,
        max=len(shown.states) - 1,
        value=shown.answers[0][0] if shown.answers else 0,
        step=1,
        hidden="hidden",
        aria_label="second",
        aria_describedby=identity,
    )


def answers(shown: Shown) -> Html:
    """What is said and when, folded where it is much."""
    if not shown.answers:
        return paragraph("Nothing is said: a negative, silent to its end.", class_="quiet")
    lines = tag("ul", *[said(turn, text, "answer") for turn, text in shown.answers[:MOST]], class_="answers")
    if len(shown.answers) <= LONG:
        return lines
    return details(f"{len(shown.answers)} answers", lines)


def beyond(shown: Shown) -> list[Html]:
    """What is left out of a sample too long for the page, in words."""
    counts = {
        "questions": len(shown.questions),
        "answers": len(shown.answers),
        "spans": len(shown.events),
        "stretches of a state": len(shown.runs()),
    }
    left = [f"{count - MOST} more {name}" for name, count in counts.items() if count > MOST]
    return (
        [paragraph(f"Not drawn: {', '.join(left)}. The dataset holds them.", class_="quiet")] if left else []
    )


def brief(text: str) -> str:
    """At most `LETTERS` of a text, said where it was longer."""
    return text if len(text) <= LETTERS else f"{text[:LETTERS]}\u2026 ({len(text)} letters)"


def said(turn: int, text: str, what: str) -> Html:
    """A text with its second."""
    return tag("li", tag("b", f"{turn} s"), " ", tag("span", brief(text)), class_=what, data_turn=turn)


def facts(shown: Shown) -> Html:
    """Where labels and video come from."""
    pairs = [
        ("video", shown.video_id),
        ("length", f"{shown.duration_s:g} s, {len(shown.states)} turn{'s' * (len(shown.states) > 1)}"),
        ("split", shown.split),
        ("labels from", shown.source),
        ("video from", shown.origin),
        ("licence", shown.licence),
    ]
    cells = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs]
    return tag("dl", *cells, class_="facts")


def seconds(start: float, end: float) -> str:
    """`3 s to 6 s`, or `at 3 s`."""
    return f"at {start:g} s" if end <= start else f"{start:g} s to {end:g} s"
