"""Colours (distinguishable with colour-blind eyes, after Okabe and Ito) and names used all over the page."""

LOSS_COLOURS = {"focal": "#0072b2", "fixed": "#e69f00", "ce": "#d55e00", "focal_detached": "#009e73"}
OTHER_COLOUR = "#cc79a7"
LOSS_TITLES = {
    "ce": "cross entropy",
    "fixed": "fixed scale",
    "focal": "focal",
    "focal_detached": "focal, detached",
    "class_balanced": "class balanced",
}
GROUP_TITLES = {"forward": "forward", "realtime": "real-time", "backward": "backward", "total": "total"}


def colour_of(loss: str) -> str:
    """The colour of a loss."""
    return LOSS_COLOURS.get(loss, OTHER_COLOUR)
