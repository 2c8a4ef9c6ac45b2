"""Draws one instant of a scene: 56 x 56 RGB, four regions of 28 x 28, one per visual token of the tiny model.

lamp | actor          background level 70, which the tiny model's image processor maps to 0
-----+------
drop | sign
"""

import numpy as np

from components.world.glyphs import LETTER_BITS
from components.world.scene import Scene
from components.world.words import COLOURS, LAMP_COLOURS

SIZE, REGION, BACKGROUND = 56, 28, 70
ACTOR_RADIUS, DROP_RADIUS = 6, 8
GROUND_Y, AIR_Y = 21, 6  # centre of the actor inside its region
SIDE_X = {"left": 6, "middle": 14, "right": 22}
BOWL, SIGN = (170, 120, 80), (235, 235, 235)
_Y, _X = np.mgrid[0:REGION, 0:REGION]


def draw(scene: Scene, t: float) -> np.ndarray:
    """The frame of `scene` at instant `t` seconds: (56, 56, 3) uint8."""
    frame = np.full((SIZE, SIZE, 3), BACKGROUND, dtype=np.uint8)
    _paint(frame[:REGION, :REGION], _shape("circle", 14, 14, 9), LAMP_COLOURS[scene.lamp_at(t)])
    height = AIR_Y if scene.jumping_at(t) else GROUND_Y
    _item(frame[:REGION, REGION:], scene.actor, (SIDE_X[scene.side_at(t)], height), ACTOR_RADIUS)
    _bowl(frame[REGION:, :REGION], scene.drop_at(t))
    _sign(frame[REGION:, REGION:], scene.sign_at(t))
    return frame


def _paint(region: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    region[mask] = colour


def _shape(name: str, x: int, y: int, radius: int) -> np.ndarray:
    """(28, 28) bool mask of a circle, square or triangle centred at (x, y)."""
    across, down = np.abs(_X - x), _Y - y
    if name == "circle":
        return np.asarray(across**2 + down**2 <= radius * (radius + 1))
    if name == "square":
        return np.asarray((across <= radius) & (np.abs(down) <= radius))
    return np.asarray((np.abs(down) <= radius) & (2 * across <= down + radius))


def _item(region: np.ndarray, item: str, centre: tuple[int, int], radius: int) -> None:
    colour, shape = item.split()
    _paint(region, _shape(shape, *centre, radius), COLOURS[colour])


def _bowl(region: np.ndarray, item: str | None) -> None:
    if item:
        _item(region, item, (14, 10), DROP_RADIUS)
    _paint(region, (_Y >= 21) & (_Y <= 25) & (np.abs(_X - 14) <= 11 - (_Y - 21)), BOWL)


def _sign(region: np.ndarray, letter: str) -> None:
    _paint(region, (_Y >= 26) & (np.abs(_X - 14) <= 9), SIGN)
    if letter:
        region[2:23, 7:22][np.kron(LETTER_BITS[letter], np.ones((3, 3), dtype=bool))] = SIGN
