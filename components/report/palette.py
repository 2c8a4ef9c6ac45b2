"""Colours (distinguishable with colour-blind eyes, after Okabe and Ito) and names used all over the page."""

LOSS_COLOURS = {
    "focal": "#0072b2",
    "fixed": "#e69f00",
    "ce": "#d55e00",
    "class_balanced": "#009e73",
    "focal_detached": "#56b4e9",
    "eos": "#8c6d31",
    "head": "#6b5b95",
    "external": "#c0504d",
}
STATE_COLOURS = {"silence": "#d5dce6", "standby": "#e69f00", "response": "#0072b2"}
OTHER_COLOUR = "#cc79a7"
DASHES = ("", "5 3", "2 2")  # of the first seed, the second, ...
FAMILY_TITLES = {"qwen2_5_vl": "Qwen2.5-VL", "qwen3_vl": "Qwen3-VL", "internvl": "InternVL3"}
PAPER_BASES = {"qwen2_5_vl": "Qwen2.5-VL-3B", "internvl": "InternVL3-2B"}  # of table 4, by family
LOSS_TITLES = {
    "ce": "cross entropy",
    "fixed": "fixed scale",
    "focal": "focal",
    "focal_detached": "focal, detached",
    "class_balanced": "class balanced",
}
RIVALS = {
    "eos": "end of sequence instead of states",
    "head": "a head with a threshold",
    "external": "an external module before an offline model",
}
GROUP_TITLES = {"forward": "forward", "realtime": "real-time", "backward": "backward", "total": "total"}


def method_title(method: str) -> str:
    """A training method as people write it: a loss over three states, or a rival."""
    return LOSS_TITLES.get(method) or RIVALS.get(method, method)


def family_title(family: str) -> str:
    """The published name of a family's architecture."""
    return FAMILY_TITLES.get(family, family)


def dash_of(place: int) -> str | None:
    """The stroke pattern of the seed at `place`; None for a solid line."""
    return DASHES[place % len(DASHES)] or None


def colour_of(loss: str) -> str:
    """The colour of a loss."""
    return LOSS_COLOURS.get(loss, OTHER_COLOUR)
