"""True and predicted states of one clip as two coloured bars under its frames."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from components.report.html import Html, details, paragraph, tag
from components.report.svg import SOFT, svg, text, ticks
from components.report.timelines import Timeline

STATE_COLOURS = {"silence": "#d5dce6", "standby": "#e69f00", "response": "#0072b2"}
WIDTH, LEFT, BAR = 640, 52, 15


def show_timeline(timeline: Timeline) -> Html:
    """One card: question, frames, bars and what was said."""
    shown = timeline.shown
    asked = f"“{shown['question']}”, asked on turn {shown['question_turn']}" if shown["question"] else ""
    share = f"{shown['turns_right']} of {len(shown['states'])} turns as labelled"
    cut = f"; first {shown['cut_at']} turns shown" if shown["cut_at"] else ""
    return tag(
        "article",
        tag("h3", f"{shown['task'].replace('_', ' ')} · {shown['video_id']}"),
        paragraph(asked, class_="quiet") if asked else "",
        film(timeline),
        bars(shown),
        paragraph(f"{share}{cut}.", class_="quiet"),
        said(shown["texts"]),
        class_="clip",
    )


def film(timeline: Timeline) -> Html:
    """The frames in one row, each as wide as the turns it stands for on the bars below."""
    frames = [
        tag("img", src=uri, alt=f"frame at {turn} s", title=f"{turn} s") for turn, uri in timeline.frames
    ]
    unit = 100 * (WIDTH - LEFT) / WIDTH / len(timeline.shown["states"])
    width = round(unit * timeline.every * len(frames), 2)
    columns = f"grid-template-columns:repeat({len(frames)},minmax(0,1fr))"
    return tag("div", *frames, class_="film", style=f"{columns};width:{width}%")


def bars(shown: dict[str, Any]) -> Html:
    """Label and model rows over a scale of seconds."""
    turns = len(shown["states"])
    unit = (WIDTH - LEFT) / turns
    parts = [*state_row(shown["truth"], 4, "label", unit), *state_row(shown["states"], 24, "model", unit)]
    asked = round(LEFT + unit * shown["question_turn"], 1)
    parts.append(tag("line", x1=asked, x2=asked, y1=0, y2=42, stroke="#111827", stroke_dasharray="2 2"))
    parts += [text(LEFT + unit * value, 54, f"{value:g} s") for value in ticks(0, turns)[:-1]]
    return svg("states by turn: label above, model below", WIDTH, 58, *parts)


def state_row(states: Sequence[str], y: int, name: str, unit: float) -> list[Html]:
    """One bar; equal neighbours are joined."""
    parts = [text(LEFT - 8, y + 12, name, anchor="end", colour=SOFT)]
    start = 0
    for state, run in groupby(states):
        length = len(list(run))
        x, width = round(LEFT + unit * start, 1), round(unit * length - 0.6, 1)
        parts.append(tag("rect", x=x, y=y, width=width, height=BAR, fill=STATE_COLOURS[state]))
        start += length
    return parts


def said(texts: dict[str, str]) -> Html:
    """What the model said, folded."""
    if not texts:
        return paragraph("The model said nothing.", class_="quiet")
    lines = [tag("li", tag("b", f"{turn} s"), " ", text_) for turn, text_ in texts.items()]
    return details(f"what the model said ({len(lines)})", tag("ol", *lines, class_="said"))
