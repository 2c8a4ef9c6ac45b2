"""Predictions clip by clip: frames over bars of labelled and said states; `browse.js` makes it a viewer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.clips import Clip
from components.report.html import Html, details, join, legend, paragraph, section, tag
from components.report.palette import STATE_COLOURS

Json = Mapping[str, Any]
SUITE_TITLES = {"validation": "validation split", "ovo": "test set"}


def browser_section(results: Json, clips: Sequence[Clip]) -> Html:
    """The viewer; without its script every clip is shown, one below the other."""
    if not clips:
        return section("clips", "Clips", paragraph("No validation stream has a Response to show."))
    served = results["served"]["model"]
    keys = (
        "Left and right arrows go through the seconds, up and down arrows through the clips; a click on "
        "a frame or a bar goes there. "
    )
    drawn = (
        "Clips are drawn for each task by the hash of their name, not by how well they went. The label "
        "row is what the annotation says; clips of the test set have test points instead, with the true "
        "answer at each."
    )
    return section(
        "clips",
        "Predictions, clip by clip",
        paragraph(keys, drawn),
        legend([(state, colour) for state, colour in STATE_COLOURS.items()]),
        tag("div", *[article(clip, served) for clip in clips], class_="browser"),
    )


def article(clip: Clip, served: str) -> Html:
    """One clip: question, frames, a bar of states for the labels and for each run, what was said."""
    shown = clip.shown
    order = sorted(shown["runs"], key=lambda name: (name != served, name))
    rows = [label_row(shown)] if shown["truth"] else [points_row(shown)]
    rows += [run_row(name, shown["runs"][name]) for name in order]
    title = f"{task_title(shown['task'])} · {shown['id']}"
    question = f"“{shown['question']}”, asked on turn {shown['question_turn']}" if shown["question"] else ""
    cut = f" First {shown['turns']} turns shown." if shown["cut_at"] else ""
    return tag(
        "article",
        tag("h3", title),
        paragraph(question, cut, class_="quiet") if question or cut else "",
        tag("div", film(clip), asked(shown), *rows, scale(shown), class_="track"),
        verdicts(shown, order),
        *[said(name, shown["runs"][name]["texts"]) for name in order[:1]],
        class_="clip",
        data_title=title,
        data_group=f"{SUITE_TITLES[shown['suite']]}, {task_title(shown['task'])}",
        data_turns=shown["turns"],
    )


def task_title(task: str) -> str:
    """A task's name as people write it."""
    return task.replace("_", " ")


def film(clip: Clip) -> Html:
    """The frames, each as wide as the turns it stands for on the bars below."""
    turns = clip.shown["turns"]
    frames = [
        tag(
            "img",
            src=uri,
            alt=f"frame at {turn} s",
            data_turn=turn,
            style=f"grid-column:{turn + 1}/span {min(clip.every, turns - turn)}",
        )
        for turn, uri in clip.frames
    ]
    return row("", turns, frames, class_="film")


def row(name: str, turns: int, cells: Sequence[Html], *, class_: str) -> Html:
    """A named row of one column a turn."""
    inner = tag("div", *cells, class_="cells", style=f"--turns:{turns}")
    return tag("div", tag("span", name, class_="name", title=name or None), inner, class_=f"row {class_}")


def label_row(shown: Json) -> Html:
    """The labelled states."""
    cells = [cell(turn, state) for turn, state in enumerate(shown["truth"])]
    return row("label", shown["turns"], cells, class_="states")


def run_row(name: str, run: Json) -> Html:
    """The states of one run, with what it said."""
    cells = [cell(turn, state, run["texts"].get(str(turn))) for turn, state in enumerate(run["states"])]
    return row(name, len(run["states"]), cells, class_="states") if cells else Html("")


def cell(turn: int, state: str, text: str | None = None) -> Html:
    """One turn of one row."""
    spoken = f" “{text}”" if text else ""
    return tag("i", class_=state, title=f"{turn} s: {state}{spoken}", data_text=text)


def asked(shown: Json) -> Html:
    """A mark over the turn of the question."""
    mark = tag("small", "▾ asked", style=f"grid-column:{shown['question_turn'] + 1}")
    return row("", shown["turns"], [mark] if shown["question"] else [], class_="scale")


def points_row(shown: Json) -> Html:
    """The test points: which turns are tested, and what is true there."""
    tested: dict[int, list[str]] = {}
    for point in shown["points"]:
        tested.setdefault(point["turn"], []).append(point["truth"])
    cells = []
    for turn in range(shown["turns"]):
        true = ", ".join(dict.fromkeys(tested.get(turn, [])))
        about = f"{turn} s: tested, true is “{true}”" if turn in tested else f"{turn} s: not tested"
        cells.append(
            tag("i", class_="tested" if turn in tested else "untested", title=about, data_text=true or None)
        )
    return row("test points", shown["turns"], cells, class_="states")


def scale(shown: Json) -> Html:
    """Seconds below the bars, and the turn of the question."""
    step = next(one for one in (2, 5, 10, 20) if shown["turns"] / one <= 12)
    marks = [
        tag("small", f"{turn} s", style=f"grid-column:{turn + 1}") for turn in range(0, shown["turns"], step)
    ]
    return row("", shown["turns"], marks, class_="scale")


def verdicts(shown: Json, order: Sequence[str]) -> Html:
    """How each run did on this clip."""
    return tag(
        "ul",
        *[tag("li", tag("b", name), ": ", text) for name, text in verdict_lines(shown, order)],
        class_="verdicts",
    )


def verdict_lines(shown: Json, order: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Turns as labelled, or test points right."""
    for name in order:
        if shown["truth"]:
            states = shown["runs"][name]["states"]
            right = sum(a == b for a, b in zip(shown["truth"], states, strict=False))
            yield name, f"{right} of {len(states)} turns as labelled"
        else:
            marks = [
                f"{p['turn']} s {'right' if p['right'][name] else 'wrong'}"
                for p in shown["points"]
                if name in p["right"]
            ]
            yield name, ", ".join(marks) or "no scored point within the turns shown"


def said(name: str, texts: Mapping[str, str]) -> Html:
    """What a run said, folded."""
    if not texts:
        return paragraph(f"{name} said nothing.", class_="quiet")
    lines = [tag("li", tag("b", f"{turn} s"), " ", text) for turn, text in texts.items()]
    return join([details(f"what {name} said ({len(lines)})", tag("ol", *lines, class_="said"))])
