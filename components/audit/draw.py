"""The graph of a version as a tree for the terminal."""

from typing import Any

Json = dict[str, Any]
MARKS = {True: " [verified]", False: " [NOT VERIFIED]", None: ""}
SHORT, ALIKE = (
    10,
    6,
)  # digits of a hash; products of one stage under one parent before the rest is only counted


def tree(graph: Json) -> str:
    """The version, then every product below what was made of it; one that was shown before is only named."""
    stage = graph["stage"] or "no stage"
    head = f"{graph['version']} {stage}, {graph['model']}, commit {graph['commit'][:SHORT]}"
    audit = graph["audit"]
    if audit is not None:
        head += ": everything verifies" if audit["ok"] else f": {len(audit['findings'])} findings"
    by_stage = {node["stage"]: node for node in graph["nodes"]}
    roots = [name for name in by_stage if not any(name in node["upstream"] for node in graph["nodes"])]
    lines, shown = [head], set[str]()
    branch(roots, by_stage, "", lines, shown)
    return "".join(f"{line}\n" for line in [*lines, *videos(graph["videos"])])


def branch(
    names: list[str], by_stage: dict[str, Json], indent: str, lines: list[str], shown: set[str]
) -> None:
    """Append the lines of some stages and of all below them."""
    names, rest = folded(names)
    for place, name in enumerate(names):
        last = place == len(names) - 1 and not rest
        node, again = by_stage[name], name in shown
        lines.append(f"{indent}{'└─ ' if last else '├─ '}{label(node, again=again)}")
        if not again:
            shown.add(name)
            branch(node["upstream"], by_stage, indent + ("   " if last else "│  "), lines, shown)
    if rest:
        lines.append(f"{indent}└─ {rest}")


def folded(names: list[str]) -> tuple[list[str], str]:
    """The stages to draw and a line for the shards of one stage that are too many to draw."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.partition("@")[0], []).append(name)
    kept = [
        name for members in groups.values() for name in members[: ALIKE if len(members) > ALIKE else None]
    ]
    left = {stage: len(members) - ALIKE for stage, members in groups.items() if len(members) > ALIKE}
    return kept, ", ".join(f"{count} more of {stage}" for stage, count in left.items())


def label(node: Json, *, again: bool = False) -> str:
    """One product in one line."""
    if again:
        return f"{node['path']} (above)"
    counted = f", {node['files']} files" if node["files"] is not None else ""
    told = "".join(f", {key} {value}" for key, value in node["about"].items())
    return f"{node['path']} {(node['md5'] or 'not pinned')[:SHORT]}{counted}{told}{MARKS[node['verified']]}"


def videos(told: Json) -> list[str]:
    """What is known of the raw videos."""
    if not told:
        return ["raw videos: the manifest is not to be had here"]
    licences = ", ".join(f"{count} {name}" for name, count in told["licences"].items())
    roles = ", ".join(f"{count} {name}" for name, count in told["roles"].items())
    return [f"raw videos: {told['count']} ({roles}); licences: {licences}"]
