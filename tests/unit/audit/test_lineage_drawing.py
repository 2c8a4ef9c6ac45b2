"""The graph of a version: in the terminal, as JSON, and as a page that needs nothing else."""

import contextlib
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from components.audit.draw import folded, tree
from components.audit.draw_html import page
from components.audit.version_graph import version_graph
from components.cli.main import main
from components.core.errors import DataError
from tests.support.audit_world import World, video

Json = dict[str, Any]


@pytest.fixture(scope="module")
def graph(registered: World) -> Json:
    return version_graph("v0.0.2", root=registered.root)


class Page(HTMLParser):
    """Collects tags, addresses and text; a page that does not nest is refused."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_tree_shows_every_product_once_from_package_to_raw_data(graph: Json) -> None:
    lines = tree(graph).splitlines()
    assert lines[0].startswith("v0.0.2 candidate, focal-0, commit ")
    paths = [re.sub(r"^[│├└─ ]+", "", line).split()[0] for line in lines[1:-1] if "(above)" not in line]
    assert paths[0] == "artifacts/register"
    assert len(paths) == len(set(paths)) == 11
    assert "teacher world-1, prompt 07d80416236a" in "\n".join(lines)
    assert "verified" not in "\n".join(lines)  # nobody audited it
    assert lines[-1] == "raw videos: 5 (1 benchmark, 4 corpus); licences: 4 CC0-1.0, 1 not stated"


def test_shards_beyond_a_few_are_counted() -> None:
    names = [f"annotate@narration-{n}" for n in range(20)] + ["corpus"]
    kept, rest = folded(names)
    assert kept == [*names[:6], "corpus"]
    assert rest == "14 more of annotate"


def test_the_command_marks_what_an_audit_found(
    copied: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name = hashlib.md5(video("c2")).hexdigest()
    victim = copied.cache / name[:2] / name[2:]
    victim.chmod(0o644)
    victim.write_bytes(b"other bytes")
    with contextlib.chdir(copied.root):
        assert main(["lineage", "v0.0.1", "--audit", "--json", "--html", str(tmp_path / "page.html")]) == 1
        told = json.loads(capsys.readouterr().out)
        assert main(["lineage", "v0.0.1"]) == 0
    assert {node["path"] for node in told["nodes"] if node["verified"] is False} == {"data"}
    assert sum(node["verified"] is True for node in told["nodes"]) == 10
    shown = Page((tmp_path / "page.html").read_text()).text
    assert "Does not verify" in shown and "data/media/train/c2.mp4" in shown
    assert "Numbers of the report" in shown


def test_the_page_is_whole_offline_and_scriptless(graph: Json) -> None:
    text = page(graph)
    shown = Page(text)
    assert shown.addresses == []
    assert {"script", "link", "img", "iframe"}.isdisjoint(shown.tags)
    assert re.findall(r"https?://|@import|url\(", text) == []
    assert shown.tags.count("circle") == 11
    assert shown.tags.count("path") >= 11
    assert "artifacts/annotations/narration-0" in shown.text
    assert "prefers-color-scheme: dark" in text


def test_names_cannot_become_markup(graph: Json) -> None:
    evil = "<script>alert(1)</script>"
    nodes = [{**node, "path": evil, "about": {evil: evil}} for node in graph["nodes"]]
    told = {**graph, "nodes": nodes, "model": evil, "version": evil}
    assert "script" not in Page(page(told)).tags


def test_no_such_version_says_which_there_are(registered: World) -> None:
    with pytest.raises(DataError, match=r"v0\.0\.3"):
        version_graph("v9.9.9", root=registered.root)
