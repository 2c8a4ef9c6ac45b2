"""The gallery as one HTML file that loads nothing and runs no script but its own."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from components.core.errors import DataError
from components.core.files import write_text
from components.report.gallery.card import card
from components.report.gallery.frames import Still, stills
from components.report.gallery.pick import pick
from components.report.gallery.samples import Shown, load
from components.report.html import Html, paragraph, tag
from components.video.root import MediaRoot

NO_ROOT = "the page was made without --media-root"
STATES = {
    "silence": "nothing relevant: a thin line",
    "standby": "begun, not complete: striped, half as high",
    "response": "complete, the answer follows: solid, full height",
}


@dataclass(frozen=True)
class Made:
    """What was written: samples by task, and by reason the videos without frames."""

    samples: Mapping[str, int]
    without_frames: Mapping[str, str]


def make_gallery(dataset: Path, out: Path, *, media: Path | None, per_task: int, seed: int) -> Made:
    """Write the page of `per_task` samples a task of the product `dataset` to `out`.

    A video that is missing or broken costs its frames only; the card says why.

    Raises:
        DataError: `dataset` is not a product of stage dataset, or `media` is no folder.

    """
    root = MediaRoot(media) if media is not None else None
    shown = load(dataset, pick(dataset, per_task, seed))
    cards, missing = [], dict[str, str]()
    for number, one in enumerate(shown):
        frames, reason = _frames(root, one)
        if reason and root is not None:
            missing[one.video_id] = reason
        cards.append(card(one, frames, reason, number))
    write_text(out, render(shown, cards, per_task, seed))
    return Made(dict(sorted(Counter(one.task for one in shown).items())), missing)


def _frames(root: MediaRoot | None, shown: Shown) -> tuple[list[Still], str]:
    """The frames, or none and why."""
    if root is None:
        return [], NO_ROOT
    try:
        return stills(root, shown), ""
    except DataError as error:
        return [], str(error)


def render(shown: Sequence[Shown], cards: Sequence[Html], per_task: int, seed: int) -> str:
    """The page; its policy lets no script run but the one whose hash it names."""
    script, style = _file("page.js"), _file("page.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", "Gallery of streaming dialogues"),
        tag("style", Html(style)),
    )
    body = tag(
        "body",
        tag("main", *top(shown, per_task, seed), tag("div", *cards, id="samples")),
        tag("script", Html(script)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def top(shown: Sequence[Shown], per_task: int, seed: int) -> Iterable[Html]:
    """Title, legend and filters."""
    lead = (
        f"{len(shown)} samples, at most {per_task} a task, drawn by hash with seed {seed}, not by how they "
        "look. The time axis shows frames, states and below them the labelled spans. Move the slider of a "
        "sample, or click its time axis, to read it second by second."
    )
    keys = [
        tag("li", tag("i", class_=state), tag("b", state), f" {about}") for state, about in STATES.items()
    ]
    marks = [
        tag("li", tag("b", class_="span"), "labelled span"),
        tag("li", tag("b", "?"), "a question is asked"),
    ]
    yield tag("h1", "Gallery of streaming dialogues")
    yield paragraph(lead, class_="lead")
    yield tag("ul", *keys, *marks, class_="legend")
    yield tag(
        "form",
        choice("task", [one.task for one in shown]),
        choice("source", [one.source for one in shown]),
        tag("output", f"{len(shown)} shown", id="count", aria_live="polite"),
        class_="filters",
        hidden="hidden",
    )


def choice(name: str, values: Iterable[str]) -> Html:
    """A menu of the values that occur, all of them first."""
    options = [
        tag("option", f"{value.replace('_', ' ')} ({count})", value=value)
        for value, count in sorted(Counter(values).items())
    ]
    menu = tag("select", tag("option", f"every {name}", value=""), *options, id=name, autocomplete="off")
    return tag("label", name, " ", menu)


def _file(name: str) -> str:
    """A file beside this module."""
    return resources.files("components.report.gallery").joinpath(name).read_text(encoding="utf-8")
