"""HTML and SVG as nested function calls; every plain string is escaped, so labels cannot inject markup."""

import html
from collections.abc import Iterable, Sequence

DASH = "\N{EN DASH}"
VOID = frozenset({"meta", "img", "input", "line", "rect", "circle", "path", "polyline", "polygon", "br"})


class Html(str):
    """Text that is already markup; anything else given to `tag` is escaped."""

    __slots__ = ()


def esc(text: object) -> Html:
    """`text` as markup."""
    return text if isinstance(text, Html) else Html(html.escape(str(text), quote=True))


def join(parts: Iterable[object]) -> Html:
    """Markup of all parts, one after the other."""
    return Html("".join(esc(part) for part in parts))


def tag(name: str, *children: object, **attributes: object) -> Html:
    """One element; `class_` stands for `class`, `_` in a name for `-`, an attribute of None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{esc(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID and not children:
        return Html(f"<{name}{given}/>")
    return Html(f"<{name}{given}>{join(children)}</{name}>")


def section(identity: str, title: str, *children: object) -> Html:
    """A titled part of the page."""
    return tag("section", tag("h2", title), *children, id=identity)


def paragraph(*children: object, class_: str | None = None) -> Html:
    """A paragraph."""
    return tag("p", *children, class_=class_)


def table(
    head: Sequence[object], rows: Iterable[Sequence[object]], *, caption: str = "", class_: str = ""
) -> Html:
    """A table that scrolls sideways in its own frame; the first cell of a row is its header.

    A row may begin with a `RowClass`, which styles it and is not shown, or be a `Part`: a title over the rows
    below it. Each part is a body of its own, within which `sort.js` sorts.
    """
    header = tag("tr", *[tag("th", cell, scope="col") for cell in head])
    bodies: list[list[Html]] = [[]]
    for row in rows:
        if isinstance(row, Part):
            bodies.append([])
        bodies[-1].append(table_row(row, len(head)))
    shown = [tag("caption", caption)] if caption else []
    body = [tag("tbody", *found) for found in bodies if found]
    inner = tag("table", *shown, tag("thead", header), *body, class_=class_ or None)
    return tag("div", inner, class_="scroll", tabindex="0", role="group", aria_label=caption or "table")


class RowClass(str):
    """The CSS class of a table row, given as its first cell."""

    __slots__ = ()


class Part(str):
    """A table row that is only a title."""

    __slots__ = ()


def table_row(row: Sequence[object], columns: int) -> Html:
    """One body row."""
    if isinstance(row, Part):
        return tag("tr", tag("th", tag("span", str(row)), scope="rowgroup", colspan=columns), class_="part")
    style = str(row[0]) if row and isinstance(row[0], RowClass) else None
    cells = row[1:] if style is not None else row
    first, rest = cells[0], cells[1:]
    return tag("tr", tag("th", first, scope="row"), *[tag("td", cell) for cell in rest], class_=style)


def details(summary: str, *children: object) -> Html:
    """A part that is folded until clicked."""
    return tag("details", tag("summary", summary), *children)


def figure(title: str, *children: object) -> Html:
    """A chart with its title above."""
    return tag("figure", tag("figcaption", title), *children)


def legend(entries: Sequence[tuple[str, str]]) -> Html:
    """Colour keys: (name, colour) pairs."""
    keys = [tag("span", tag("i", style=f"background:{colour}"), name) for name, colour in entries]
    return tag("div", *keys, class_="legend")
