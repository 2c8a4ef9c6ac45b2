"""The committed form of the table of losses: Markdown, JSON and SVG from results.json alone."""

import xml.etree.ElementTree as ET

import pytest

from components.core.errors import DataError
from components.core.files import read_json
from components.report.export import export, main
from components.report.html import DASH
from components.report.run import run
from tests.support.report_workspace import LOSSES, make_workspace

FAMILIES, SEEDS = ["internvl", "qwen3_vl"], [0, 1]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = make_workspace(tmp_path_factory.mktemp("workspace"), families=FAMILIES, seeds=SEEDS)
    out = tmp_path_factory.mktemp("report")
    media = root / "data/media"
    run(
        out,
        root=root,
        media=media,
        families=FAMILIES,
        losses=LOSSES,
        seeds=SEEDS,
        suites=["validation", "ovo"],
    )
    return out / "results.json"


def table_rows(text, title):
    """Cells of the table under a heading."""
    lines = text.partition(f"## {title}")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]


def test_the_command_writes_the_same_bytes_from_the_same_results(results, tmp_path, monkeypatch):
    for name in ("a", "b"):
        monkeypatch.setattr("sys.argv", ["export", "--results", str(results), "--out", str(tmp_path / name)])
        main()
    first = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    charts = {f"losses-{family}-{panel}.svg" for family in FAMILIES for panel in ("curves", "tasks")}
    assert set(first) == {"losses.md", "losses.json", *charts}


def test_the_table_holds_n_intervals_seeds_floors_and_the_papers_column(results, tmp_path):
    stored = read_json(results)
    export(stored, tmp_path)
    text = (tmp_path / "losses.md").read_text()
    assert (
        "A tiny model, so nothing here is a result about 2B to 7B models." in text
        and "n = 2 (seed 0, 1)" in text
    )
    rows = table_rows(text, "InternVL3 architecture")
    assert len({len(row) for row in rows}) == 1 and "paper, forward (InternVL3-2B)" in rows[0][-1]
    focal = next(row for row in rows if row[0] == "focal")
    cell = next(
        one for one in stored["ablation"]["rows"] if (one["family"], one["loss"]) == ("internvl", "focal")
    )["groups"]["forward"]
    low, high = cell["interval"]
    first, second = cell["values"]
    assert focal[1] == f"{cell['mean']:.1f} [{low:.1f}, {high:.1f}] ({first:.1f}, {second:.1f})"
    assert focal[-1] == "52.34"
    assert [row[0] for row in rows[-3:]] == ["*best blind policy*", "*clock*", "*exchanged video, best run*"]
    assert table_rows(text, "Qwen3-VL architecture")[1][-1] == DASH, (
        "the paper prints no loss ablation on Qwen3-VL"
    )
    for line in stored["ablation"]["says"]:
        assert f"- {line}\n" in text


def test_the_curves_stand_alone_and_have_a_line_for_each_run(results, tmp_path):
    export(read_json(results), tmp_path)
    for family in FAMILIES:
        panel = ET.parse(tmp_path / f"losses-{family}-curves.svg").getroot()
        charts = panel.findall(f"{SVG}svg")
        titles = [chart.find(f"{SVG}title").text for chart in charts]
        assert titles[:4] == ["forward, percent", "real-time, percent", "backward, percent", titles[3]]
        recall = charts[titles.index("recall of Response, validation slice")]
        lines = recall.findall(f"{SVG}polyline")
        assert len(lines) == len(LOSSES) * len(SEEDS)
        assert [line.get("stroke-dasharray") for line in lines].count("5 3") == len(LOSSES)
        steps = charts[0].findall(f"{SVG}polyline")[0].get("points").split()
        across = [float(point.split(",")[0]) for point in steps]
        assert across == sorted(across), "steps are in the order of numbers, not of their spelling"
        assert f"losses-{family}-curves.svg" in (tmp_path / "losses.md").read_text()


def test_results_of_an_older_report_are_refused(tmp_path):
    with pytest.raises(DataError, match="run the report stage again"):
        export({"models": {}}, tmp_path)
