"""The graph of a version as one offline HTML page: rows from package to raw data, arcs beside them."""

import html
from importlib import resources
from pathlib import Path
from typing import Any

from components.audit.draw import folded
from components.core.files import write_text

Json = dict[str, Any]
ROW, GUTTER = 88, 72  # height of a row and width of the arcs' gutter in CSS pixels, as lineage.css has them
SHORT = 12
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
BADGES = {True: ("yes", "verified"), False: ("no", "not verified"), None: ("none", "not audited")}
NUMBER_BADGES = {True: ("yes", "verified"), False: ("no", "differs"), None: ("none", "cannot be told")}


def write_page(path: Path, graph: Json) -> None:
    """Write the page of `version_graph`'s value; it needs no network and runs no script."""
    write_text(path, page(graph))


def page(graph: Json) -> str:
    """The page as text."""
    style = resources.files(__package__).joinpath("lineage.css").read_text(encoding="utf-8")
    title = f"Lineage of {esc(graph['version'])}"
    parts = [header(graph), findings(graph), rows(graph), hashes(graph), numbers(graph)]
    parts.append(videos(graph["videos"]))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"/>'
        f"<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>"
        f"{''.join(parts)}</main></body></html>\n"
    )


def esc(value: object) -> str:
    """Text that cannot become markup."""
    return html.escape(str(value), quote=True)


def badge(kinds: dict[bool | None, tuple[str, str]], value: bool | None) -> str:
    """A word on a coloured ground: the word alone says it."""
    kind, word = kinds[value]
    return f'<span class="badge {kind}">{word}</span>'


def header(graph: Json) -> str:
    """What the version is, and whether it was audited."""
    audit = graph["audit"]
    whole = badge(BADGES, None if audit is None else bool(audit["ok"]))
    facts = {
        "stage": graph["stage"] or "none",
        "model": graph["model"],
        "decision": graph["decision"],
        "commit": graph["commit"],
        "registered": graph["registered_at"],
    }
    told = "".join(f"<div><dt>{name}</dt><dd>{esc(value)}</dd></div>" for name, value in facts.items())
    return f"<p>{whole}</p><dl>{told}</dl>"


def rows(graph: Json) -> str:
    """One row a product, the arcs of what it was made of in the gutter on the left."""
    kept, rest = shown(graph["nodes"])
    place = {node["stage"]: number for number, node in enumerate(kept)}
    arcs = "".join(
        arc(number, place[other])
        for number, node in enumerate(kept)
        for other in node["upstream"]
        if other in place
    )
    dots = "".join(f'<circle cx="{GUTTER - 8}" cy="{middle(n)}" r="5"/>' for n in range(len(kept)))
    height = ROW * len(kept)
    svg = (
        f'<svg width="{GUTTER}" height="{height}" viewBox="0 0 {GUTTER} {height}" role="img" '
        f'aria-label="what was made of what">{arcs}{dots}</svg>'
    )
    items = "".join(row(node) for node in kept)
    more = f"<p>{esc(rest)} (not drawn)</p>" if rest else ""
    return f'<section><h2>Made of</h2><div class="graph">{svg}<ol>{items}</ol></div>{more}</section>'


def shown(nodes: list[Json]) -> tuple[list[Json], str]:
    """The nodes to draw; many shards of one stage become a few and a count."""
    names, rest = folded([node["stage"] for node in nodes])
    return [node for node in nodes if node["stage"] in set(names)], rest


def middle(number: int) -> int:
    """The height of a row's middle."""
    return ROW * number + ROW // 2


def arc(number: int, other: int) -> str:
    """A curve from a product down to what it was made of; the longer, the further out."""
    top, bottom, right = middle(number), middle(other), GUTTER - 8
    out = right - min(GUTTER - 14, 8 + 11 * (other - number))
    return f'<path d="M{right} {top} C{out} {top}, {out} {bottom}, {right} {bottom}"/>'


def row(node: Json) -> str:
    """A product: path, stage, hash, what it says of itself."""
    about = ", ".join(f"{key} {value}" for key, value in node["about"].items())
    hashed = f"md5 {node['md5'][:SHORT]}" if node["md5"] else "not pinned"
    count = f", {node['files']} files" if node["files"] is not None else ""
    run = f", ran {node['run']['started_at']} on {node['run']['machine']}" if node["run"] else ""
    return (
        f'<li><div class="line"><b>{esc(node["path"])}</b>{badge(BADGES, node["verified"])}</div>'
        f'<div class="line quiet">{esc(node["stage"])} <code>{esc(hashed)}</code>{esc(count + run)}</div>'
        f'<div class="line">{esc(about)}</div></li>'
    )


def hashes(graph: Json) -> str:
    """Everything a row has no room for, in full."""
    items = "".join(f"<li><b>{esc(node['path'])}</b><br/>{esc(full(node))}</li>" for node in graph["nodes"])
    summary = "<summary>Every product with its hashes in full</summary>"
    return f'<section><details>{summary}<ul class="list">{items}</ul></details></section>'


def full(node: Json) -> str:
    """One product's facts in one sentence."""
    told = {"md5": node["md5"], "receipt": node["receipt"], **node["about"], **(node["run"] or {})}
    return ", ".join(f"{key} {value}" for key, value in told.items() if value is not None)


def findings(graph: Json) -> str:
    """What does not verify."""
    if graph["audit"] is None or not graph["audit"]["findings"]:
        return ""
    items = "".join(
        f"<li><b>{esc(each['kind'])}</b> <code>{esc(each['path'])}</code> {esc(each['detail'])}</li>"
        for each in graph["audit"]["findings"]
    )
    return f'<section><h2>Does not verify</h2><ul class="list">{items}</ul></section>'


def numbers(graph: Json) -> str:
    """The numbers of the report: verified, different, or not to be told and why."""
    if graph["audit"] is None or not graph["audit"]["numbers"]:
        return ""
    items = "".join(
        f"<li>{badge(NUMBER_BADGES, each['verified'])} {esc(each['what'])}: "
        f'<span class="quiet">{esc(each["why"])}</span></li>'
        for each in graph["audit"]["numbers"]
    )
    return f'<section><h2>Numbers of the report</h2><ul class="list">{items}</ul></section>'


def videos(told: Json) -> str:
    """The raw videos by role, source and licence."""
    if not told:
        return "<section><h2>Raw videos</h2><p>The manifest is not to be had here.</p></section>"
    counted = {
        name: ", ".join(f"{count} {key}" for key, count in told[name].items())
        for name in ("roles", "sources", "licences")
    }
    lines = "".join(f"<div><dt>{name}</dt><dd>{esc(value)}</dd></div>" for name, value in counted.items())
    return f"<section><h2>Raw videos: {told['count']}</h2><dl>{lines}</dl></section>"
