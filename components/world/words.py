"""The words of the embedded world: few, short and lower case, so that a tiny model can learn them."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (225, 45, 45),
    "green": (40, 185, 60),
    "blue": (55, 85, 235),
    "yellow": (235, 220, 50),
}
AMBER = "amber"
LAMP_COLOURS: dict[str, tuple[int, int, int]] = {
    "red": COLOURS["red"],
    "green": COLOURS["green"],
    AMBER: (240, 140, 20),
}
SHAPES = ("circle", "square", "triangle")
ITEMS = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)
LETTERS = ("k", "l", "o", "t", "x", "z")
SIDES = ("left", "middle", "right")
JUMPING, STANDING = "jumping", "standing"
YES, NO, NONE = "yes", "no", "none"
UNABLE = "unable to answer"
OPPOSITE = {"red": "green", "green": "red"}
