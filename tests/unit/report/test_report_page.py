"""The report on a small workspace: every number from the products, nothing from outside the page."""

import json
import re
from html.parser import HTMLParser

import pytest

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.report.run import run
from tests.support.report_workspace import FAMILY, LOSSES, make_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("workspace"))


def report(root, out):
    out.mkdir(parents=True, exist_ok=True)
    media = root / "data" / "media"
    return run(
        out, root=root, media=media, families=[FAMILY], losses=LOSSES, seeds=[0], suites=["validation", "ovo"]
    )


@pytest.fixture(scope="module")
def made(workspace, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    return report(workspace, out), out


class Page(HTMLParser):
    """Collects references, open tags and visible text."""

    def __init__(self, text):
        super().__init__()
        self.references, self.open, self.mismatched, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.references += [value for key, value in attrs if key in ("src", "href", "xlink:href")]
        self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.mismatched.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_refers_to_nothing_outside_itself(made):
    text = (made[1] / "index.html").read_text()
    page = Page(text)
    assert page.references
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in page.references)
    assert not re.search(r"https?://|@import|url\(|<script[^>]", text)


def test_the_page_is_well_formed_and_escapes_labels(made):
    text = (made[1] / "index.html").read_text()
    page = Page(text)
    assert page.mismatched == [] and page.open == []
    assert "<b>a red lamp</b>" not in text and "&lt;b&gt;a red lamp&lt;/b&gt;" in text
    assert "tell me <when> it ends" in "".join(page.words)


def test_scores_on_the_page_stand_in_results_json(made):
    results, out = made
    words = " ".join(Page((out / "index.html").read_text()).words)
    stored = read_json(out / "results.json")
    assert stored == json.loads(json.dumps(results))
    for name, entry in stored["models"].items():
        for value in entry["ovo"]["matched"]["model"]["groups"].values():
            assert f"{value:.1f}" in words, (name, value)
    for row in stored["paper"]["losses"]:
        assert f"{row['REC']:.2f}" in words and f"{row['forward']:.2f}" in words
    assert "make docs" in words and "tiny scale" in words


def test_every_model_floor_and_control_has_a_row(made):
    words = Page((made[1] / "index.html").read_text()).words
    for label in (
        "qwen2_5_vl-ce-0",
        "qwen2_5_vl-fixed-0",
        "qwen2_5_vl-focal-0 (served)",
        "qwen2_5_vl-focal-0, exchanged video",
        "clock",
        "random states",
    ):
        assert label in words, label


def test_flagged_totals_show_the_recomputed_value(made):
    words = Page((made[1] / "index.html").read_text()).words
    for printed, recomputed in (("61.08 ⚑", "59.35"), ("55.10 ⚑", "57.14")):
        assert words[words.index(printed) + 1] == recomputed


def test_quarantine_counts_and_fingerprints_are_there(made):
    results, out = made
    assert results["dataset"]["quarantines"]["corpus"] == {"no_video": 2}
    words = Page((out / "index.html").read_text()).words
    assert "no video" in words
    assert all(row["fingerprint"][:16] in words for row in results["lineage"])


def test_clips_come_from_decoded_frames_of_the_media_root(made):
    results, out = made
    shown = [(clip["suite"], clip["task"]) for clip in results["clips"]]
    validation = [("validation", task) for task in ("event_caption", "narration", "tsqa")]
    assert shown == validation + [("ovo", task) for task in ("ATR", "CRR", "EPM", "REC", "SSR")]
    frames = sum(
        -(-clip["turns"] // -(-clip["turns"] // 10)) for clip in results["clips"]
    )  # at most ten each
    assert (out / "index.html").read_text().count("data:image/png;base64,") == frames
    for clip in results["clips"]:
        assert set(clip["runs"]) == set(results["models"])
        assert (clip["truth"] is None) == (clip["suite"] == "ovo")


def test_same_products_same_bytes(made, workspace, tmp_path):
    report(workspace, tmp_path)
    for name in ("index.html", "results.json", "results.txt"):
        assert (tmp_path / name).read_bytes() == (made[1] / name).read_bytes()


def test_the_printed_table_names_models_floors_and_the_paper(made):
    text = (made[1] / "results.txt").read_text()
    assert text.startswith("served: qwen2_5_vl-focal-0")
    for line in (
        "qwen2_5_vl-ce-0",
        "qwen2_5_vl-focal-0",
        "exchanged video",
        "clock",
        "paper, Streamo-7B",
        "In short:",
    ):
        assert any(part.startswith(line) for part in text.splitlines()), line


def test_without_a_test_set_the_page_says_so(tmp_path):
    root = make_workspace(tmp_path / "workspace", with_ovo=False)
    results = report(root, tmp_path / "report")
    words = " ".join(Page((tmp_path / "report" / "index.html").read_text()).words)
    assert results["ovo_ran"] is False
    assert "No OVO-Bench suite was run on this corpus" in words
    assert f"{results['models']['qwen2_5_vl-focal-0']['validation']['macro_f1']:.1f}" in words
    assert "Order of the losses" not in words
    assert "no OVO-Bench suite was run" in (tmp_path / "report" / "results.txt").read_text()


def test_a_missing_product_is_named(tmp_path):
    root = make_workspace(tmp_path / "workspace")
    (root / "models" / "qwen2_5_vl-ce-0" / "curves" / "loss.csv").unlink()
    with pytest.raises(DataError, match=r"qwen2_5_vl-ce-0/curves/loss\.csv"):
        report(root, tmp_path / "report")


def test_predictions_of_another_form_are_refused(tmp_path):
    root = make_workspace(tmp_path / "workspace")
    write_json(root / "artifacts/evaluation/qwen2_5_vl-focal-0-validation/predictions.json", [1])
    with pytest.raises(DataError, match="list `streams`"):
        report(root, tmp_path / "report")
