"""Markdown tables whose cells may hold any text: names come from labels and from files beside videos."""

from collections.abc import Iterable, Sequence
from html import escape


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, a newline at the end."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell(one) for one in line) + " |\n" for line in lines)


def cell(value: object) -> str:
    """Text on one line in which neither `|` nor markup means anything."""
    return escape(" ".join(str(value).split()), quote=False).replace("|", "\\|")
