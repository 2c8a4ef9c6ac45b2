"""Answers benchmark points from a scene's timeline: of the right clip, or of another one as a control."""

from collections.abc import Mapping

from components.world.points import Point, Policy
from components.world.queries import asks_at, item_of
from components.world.scene import Scene


def oracle(scene: Scene, point: Point) -> str | None:
    """What a perfect viewer of `scene` answers at the point; None where the question has no answer there."""
    t = min(point.turn, scene.duration_s - 1)
    if point.task == "REC":
        return str(scene.jumps_by(t))
    if point.task == "SSR":
        return "yes" if scene.drop_at(t) == item_of(point.subject) else "no"
    if point.task == "CRR":
        return "yes" if scene.sign_at(t) else "no"
    return next((ask.answer for ask in asks_at(scene, t) if ask.question == point.question), None)


def exchanged(scenes: Mapping[str, Scene], shift: int) -> Policy:
    """The exchanged-video control: each clip is answered from the scene `shift` places on in the list."""
    names = sorted(scenes)
    other = {name: scenes[names[(index + shift) % len(names)]] for index, name in enumerate(names)}
    return lambda point: oracle(other[point.video], point)
