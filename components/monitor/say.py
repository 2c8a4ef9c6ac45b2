"""Both sides of a feature in brief, and the change in words."""

import pandas as pd

from components.monitor.tables import CATEGORIES, COUNTS, SHARES

Summary = float | dict[str, float]  # a mean over the rows, or the share of each category
DIGITS = 6
LISTED = 12  # categories of a summary, the most frequent
UNITS = {
    "duration_s": " s",
    "fps": " frames a second",
    "responses": " a sample",
    "turns_to_response": " turns",
    "first_response_turn": " turns",
    "gap_turns": " turns",
    "answer_tokens": " words",
    "answer_characters": " characters",
}
PROBABILITY = "probability."


def summarise(name: str, values: pd.Series) -> Summary:
    """The mean of a number, the shares of the `LISTED` most frequent values of a category."""
    if name not in CATEGORIES:
        return round(float(values.mean()), DIGITS)
    shares = values.value_counts(normalize=True)
    most = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))[:LISTED]
    return {str(category): round(float(share), DIGITS) for category, share in sorted(most)}


def words(name: str, reference: Summary, current: Summary) -> str:
    """E.g. `state.silence: 70.6 % -> 55.2 %`, `task.tsqa: missing, 4.05 -> 0 samples a video`."""
    if isinstance(reference, dict) and isinstance(current, dict):
        return f"{name}: {', '.join(_moves(reference, current))}"
    assert isinstance(reference, float) and isinstance(current, float)
    if name in SHARES or name.startswith(PROBABILITY):
        return f"{name}: {reference:.1%} -> {current:.1%}".replace("%", " %")
    if name.split(".")[0] in COUNTS:
        gone = "missing, " if current == 0 < reference else "new, " if reference == 0 < current else ""
        return f"{name}: {gone}{reference:.3g} -> {current:.3g} samples a video"
    return f"{name}: {reference:.4g} -> {current:.4g}{UNITS.get(name, '')}"


def _moves(reference: dict[str, float], current: dict[str, float]) -> list[str]:
    """The categories whose share changed, the largest change first, at most three."""
    names = sorted({*reference, *current})
    change = {name: abs(current.get(name, 0.0) - reference.get(name, 0.0)) for name in names}
    most = sorted((name for name in names if change[name] > 0), key=lambda name: -change[name])[:3]
    moves = [f"{name} {reference.get(name, 0.0):.1%} -> {current.get(name, 0.0):.1%}" for name in most]
    return [move.replace("%", " %") for move in moves] or ["the same shares"]
