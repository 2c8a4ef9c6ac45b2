"""The world's model on a bad day: chosen questions get a fault of the server, the network or the answer.

A question is chosen by its step and its place, so that the same ones fail whatever order they come in.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from components.world.scene import Scene
from components.world.teacher import TASKS
from tests.support.engine_run import title_of, told_of
from tests.support.openai_server import Say
from tests.support.world_server import WorldModel, changes_of, images_in

Data = dict[str, Any]
Place = tuple[str, int, object]  # step, number of the clip, and of its questions: second, caption or None
Trouble = Callable[[Say, int], Say]  # (the right answer, how often this question came before) -> what is said


class Troubled:
    """A script for `openai_server.serving`.

    Args:
        model: gives the right answers.
        plan: what goes wrong where.

    Attributes:
        met: the places of `plan` that were asked for.

    """

    def __init__(self, model: WorldModel, plan: Mapping[Place, Trouble]):
        self.model, self.plan = model, plan
        self.met: set[Place] = set()

    def __call__(self, body: Data, before: int) -> Say:
        """What is said to a request."""
        right, place = self.model(body, before), self._place(body)
        if place not in self.plan:
            return right
        self.met.add(place)
        return self.plan[place](right, before)

    def _place(self, body: Data) -> Place:
        step, told = title_of(body), told_of(body)
        scenes = list(self.model.scenes.values())
        images = images_in(body)
        scene = self.model.seen(images, told["seconds"]) if images else _written_of(scenes, told)
        number = next((number for number, one in enumerate(scenes) if one is scene), -1)
        second = told["seconds"][1] if step == "narration.change" else None
        return step, number, told.get("caption", second)


def _written_of(scenes: Sequence[Scene], told: Data) -> Scene | None:
    """The scene that a list of words is about: all that the list says happens in it."""
    said = {_fact(row) for rows in told.values() for row in rows}
    return next((scene for scene in scenes if said <= _facts(scene)), None)


def _facts(scene: Scene) -> set[tuple[int, str]]:
    lines = TASKS["narration"](scene, {})["lines"]
    events = [row for task in ("event_caption", "action_caption") for row in TASKS[task](scene, {})["events"]]
    return {_fact(row) for row in (*lines, *events, *changes_of(scene))}


def _fact(row: Data) -> tuple[int, str]:
    """When something was over, and what."""
    return row["time"] if "time" in row else row["end"], row["text"] if "text" in row else row["after"]


def seconds_of_lines(scene: Scene) -> list[int]:
    """The seconds at which a narrator has something to say."""
    return [line["time"] for line in TASKS["narration"](scene, {})["lines"]]


def first(wrong: Say) -> Trouble:
    """`wrong` the first time, the right answer when asked again."""
    return lambda right, before: wrong if before == 0 else right


def cut(right: Say, before: int) -> Say:
    """A connection that breaks in mid-answer, once."""
    return replace(right, cut=True) if before == 0 else right


def slow(right: Say, before: int) -> Say:
    """The right answer after a while."""
    return replace(right, wait_s=0.2)


def fenced(right: Say, before: int) -> Say:
    """The right answer in one Markdown fence."""
    return replace(right, text=f"```json\n{right.text}\n```")


def prose(right: Say, before: int) -> Say:
    """The right answer with words around it."""
    return replace(right, text=f"Of course! {right.text} I hope this helps.")


def half(right: Say, before: int) -> Say:
    """The first half of the right answer, as if it were whole."""
    return replace(right, text=(right.text or "")[: len(right.text or "") // 2])


def long(right: Say, before: int) -> Say:
    """An answer that the server cut at its longest."""
    return replace(half(right, before), finish_reason="length")


def says(text: str) -> Trouble:
    """This text instead."""
    return lambda right, before: replace(right, text=text)


def with_change(change: Callable[[Any], None]) -> Trouble:
    """The right answer with something in it changed."""

    def trouble(right: Say, before: int) -> Say:
        data = json.loads(right.text or "")
        change(data)
        return replace(right, text=json.dumps(data))

    return trouble


def with_text(text: str) -> Trouble:
    """The right answer to `narration.change` with these words."""
    return with_change(lambda data: data.update(change=text))
