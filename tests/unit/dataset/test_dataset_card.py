"""Card, licences, composition and label counts: what they say of a dataset, and what they never claim."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.annotate.outcome import Outcome
from components.annotate.reviews import Review, apply, label_sha256
from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.dataset.bars import bar_pairs
from components.dataset.card import licence_file, render_card
from components.dataset.composition import compose
from components.dataset.croissant import responsible
from components.dataset.labelled import added, labelled
from components.dataset.licences import HUB, SPDX, creative_work, hub_header
from components.dataset.plots import write_plots
from tests.support.dataset_inputs import ABOUT

PAPER = Path(__file__).parents[3] / "components/report/paper_results.json"
# https://github.com/huggingface/hub-docs/blob/main/datasetcard.md
FIELDS = """
language license license_name license_link license_details tags annotations_creators language_creators
language_details pretty_name size_categories source_datasets task_categories task_ids paperswithcode_id
configs dataset_info extra_gated_fields extra_gated_prompt train-eval-index
"""
SIZES = {"n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B"}
NASTY = "a | b <script>alert(1)</script>\n# no heading"


def summary(
    licences: Sequence[str] = ("CC0-1.0",), turns: int = 40, reviews: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A summary.json of one narration sample."""
    shares = {"silence": 0.75, "standby": 0.0, "response": 0.25}
    side = {"videos": 1, "seconds": 40.0, "samples": 1, "turns": turns, "shares": shares}
    none = {"videos": 0, "seconds": 0.0, "samples": 0, "turns": 0, "shares": dict.fromkeys(shares, 0.0)}
    made = {"labels": 1, "teachers": ["some-model"], "prompts": ["0a1b"], "set_aside": {"guard_repeats": 3}}
    return {
        "splits": {
            "train": {**side, "tasks": {"narration": side}},
            "validation": {**none, "tasks": {}},
        },
        "composition": compose({"narration": 1}, {"silence": 30, "response": 10}, [40.0]),
        "licences": dict.fromkeys(licences, 1),
        "origins": [{"source": NASTY, "licence": name, "videos": 1, "seconds": 40.0} for name in licences],
        "annotations": {"narration": made | ({"reviews": reviews} if reviews else {})},
        "reviews": reviews or {},
        "excluded": {},
    }


def header(card: str) -> dict[str, Any]:
    fields: dict[str, Any] = yaml.safe_load(card.split("---\n", 2)[1])
    return fields


@pytest.mark.parametrize("turns", [40, 5000, 33_000_000])
def test_the_header_has_documented_fields_only(turns: int) -> None:
    fields = header(render_card(summary(turns=turns), ABOUT))
    assert set(fields) <= set(FIELDS.split())
    assert set(fields["size_categories"]) <= SIZES and fields["annotations_creators"] == ["machine-generated"]
    assert {40: "n<1K", 5000: "1K<n<10K", 33_000_000: "10M<n<100M"}[turns] in fields["size_categories"]
    assert fields["pretty_name"] == ABOUT.name and fields["language"] == ["en"]


def test_labels_of_a_file_are_found_not_made_by_a_machine() -> None:
    told = summary()
    told["annotations"]["narration"]["teachers"] = ["labels"]
    assert header(render_card(told, ABOUT))["annotations_creators"] == ["found"]
    assert responsible(told)["rai:machineAnnotationTools"] == []
    told["annotations"]["tsqa"] = {**told["annotations"]["narration"], "teachers": ["labels", "some-model"]}
    assert header(render_card(told, ABOUT))["annotations_creators"] == ["machine-generated"]
    assert responsible(told)["rai:machineAnnotationTools"] == ["some-model"]


@pytest.mark.parametrize(
    ("licences", "said"),
    [
        (["CC0-1.0"], {"license": "cc0-1.0"}),
        (["MIT", "CC-BY-4.0"], {"license": ["cc-by-4.0", "mit"]}),
        (["CC0-1.0", "unknown"], {"license": "other", "license_link": "LICENSE.md"}),
        (["free for friends"], {"license": "other", "license_link": "LICENSE.md"}),
        ([], {"license": "other", "license_link": "LICENSE.md"}),
    ],
)
def test_only_a_licence_the_hub_knows_is_named(licences: list[str], said: dict[str, Any]) -> None:
    fields = hub_header(licences)
    assert {name: fields[name] for name in said} == said
    assert ("license_name" in fields) == (fields["license"] == "other")


def test_a_licence_is_a_page_a_url_or_a_work_of_that_name() -> None:
    assert creative_work("cc-by-4.0") == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert creative_work("https://example.org/terms") == "https://example.org/terms"
    assert creative_work("unknown")["description"] == "no licence was stated"  # type: ignore[index]
    assert creative_work("by letter")["name"] == "by letter"  # type: ignore[index]
    assert {"unknown", "other"}.isdisjoint(HUB) and {"mit", "cc0-1.0", "apache-2.0"} <= HUB & set(SPDX)


def test_names_cannot_break_a_table_or_inject_markup() -> None:
    found = summary(["CC0-1.0", NASTY])
    for text in (render_card(found, ABOUT), licence_file(found)):
        assert "<script" not in text and "\n# no heading" not in text
        rows = [line for line in text.splitlines() if "alert(1)" in line]
        assert rows and all(line.count("|") - line.count("\\|") == line.count(" | ") + 2 for line in rows)


def test_what_was_set_aside_and_reviewed_is_counted() -> None:
    plain = render_card(summary(), ABOUT)
    assert "| narration | guard_repeats | 3 |" in plain and "No label was reviewed by a person." in plain
    verdicts = {"ann": {"approve": 4, "fix": 2, "reject": 1}, "bob": {"approve": 1, "fix": 0, "reject": 0}}
    reviews = {"applied": 8, "review_stale": 1, "verdicts": verdicts}
    card = render_card(summary(reviews=reviews), ABOUT)
    assert "| ann | 4 | 2 | 1 |" in card and "| bob | 1 | 0 | 0 |" in card and "review_stale 1" in card
    assert "| narration | 1 | some-model | 0a1b | 3 | 8 |" in card
    assert header(card)["annotations_creators"] == ["machine-generated", "expert-generated"]


def test_reviews_reach_the_card_from_the_stage_that_applied_them(tmp_path: Path) -> None:
    labels = [
        {"id": f"tsqa-a.mp4-{number}", "video_path": "a.mp4", "response": [], "question": []}
        for number in "012"
    ]
    said = [("approve", 0), ("reject", 1)]
    reviews = [
        Review(labels[at]["id"], label_sha256(labels[at]), verdict, (), "ann", "2026-11-23T04:10:00Z", "")
        for verdict, at in said
    ]
    stale = replace(reviews[0], label=labels[2]["id"], sha256="0" * 64)
    for kept, applied_count in (([*reviews, stale], 2), ([stale], 0)):
        applied = apply(labels, kept, {"a.mp4": 9.0})
        outcome = Outcome("tsqa", applied.labels, summary={"reviews": applied.summary()})
        for name, detail in applied.rejected:
            outcome.refuse(name, "rejected_by_review", detail)
        outcome.write(tmp_path / f"tsqa-{applied_count}")
        found = labelled([tmp_path / f"tsqa-{applied_count}"])["tsqa"]
        assert (found["reviews"]["applied"], found["reviews"]["review_stale"]) == (applied_count, 1)
        card = render_card(summary(reviews=found["reviews"]), ABOUT)
        assert ("| ann | 1 | 0 | 1 |" in card) == (applied_count > 0) and "review_stale 1" in card
        assert ("expert-generated" in header(card)["annotations_creators"]) == (applied_count > 0)
    assert labelled([tmp_path / "tsqa-2"])["tsqa"]["set_aside"] == {"rejected_by_review": 1}


def test_shards_of_a_task_are_added_up(tmp_path: Path) -> None:
    base = {"task": "tsqa", "labels": 2, "teacher": "t-1", "prompt": "aa", "reasons": {"late": 1}}
    reviews = {"applied": 1, "review_stale": 0, "verdicts": {"ann": {"approve": 1, "fix": 0, "reject": 0}}}
    write_json(tmp_path / "tsqa-0/summary.json", base)
    write_json(tmp_path / "tsqa-1/summary.json", base | {"prompt": "bb", "reasons": {}, "reviews": reviews})
    grounded = {"task": "event_grounding", "labels": 5, "reasons": {}}
    write_json(tmp_path / "event_grounding-0/summary.json", grounded)
    found = labelled([tmp_path / name for name in ("tsqa-1", "event_grounding-0", "tsqa-0")])
    assert found == {
        "event_grounding": {"labels": 5, "teachers": [], "prompts": [], "set_aside": {}},
        "tsqa": {
            "labels": 4,
            "teachers": ["t-1"],
            "prompts": ["aa", "bb"],
            "set_aside": {"late": 1},
            "reviews": reviews,
        },
    }
    twice = added([reviews, reviews])
    assert twice["applied"] == 2 and twice["verdicts"]["ann"]["approve"] == 2 and added([]) == {}
    with pytest.raises(DataError, match=r"gone-0/summary\.json: no such file"):
        labelled([tmp_path / "gone-0"])


def test_the_paper_is_what_the_report_quotes() -> None:
    printed, found = read_json(PAPER), compose({}, {}, [])
    assert {part["name"]: part["paper_percent"] for part in found["tasks"]} == printed["task_shares"]
    lengths = [one["percent"] for one in printed["sizes"]["durations"].values()]
    assert [part["paper_percent"] for part in found["durations"]] == lengths
    whole = sum(printed["state_ratio"].values())
    assert {part["name"]: part["paper_percent"] for part in found["states"]} == {
        state: round(100 * ratio / whole, 2) for state, ratio in printed["state_ratio"].items()
    }


def test_durations_fall_into_the_bin_they_begin() -> None:
    found = compose({"tsqa": 3, "own_task": 1}, {"silence": 9, "response": 1}, [0.5, 29.99, 30.0, 240.0, 9e4])
    assert [part["n"] for part in found["durations"]] == [2, 1, 0, 0, 2]
    assert [part["percent"] for part in found["durations"]] == [40.0, 20.0, 0.0, 0.0, 40.0]
    tasks = {part["name"]: part for part in found["tasks"]}
    assert tasks["own_task"] == {"name": "own_task", "n": 1, "percent": 25.0, "paper_percent": None}
    assert [part["n"] for part in found["states"]] == [9, 0, 1]


def test_plots_are_whole_svg_files_with_every_figure(tmp_path: Path) -> None:
    found = compose({"tsqa": 3, "<b>&": 1}, {"silence": 9, "standby": 1}, [10.0])
    write_plots(tmp_path, found)
    card = render_card(summary(), ABOUT)
    for path in sorted(tmp_path.iterdir()):
        root = ElementTree.fromstring(path.read_text())
        texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
        for part in found[path.stem]:
            assert part["name"].replace("_", " ") in texts
            assert f"{part['percent']:.1f} %  (n = {part['n']:,})" in texts
        assert f"](plots/{path.name})" in card
    assert len(list(tmp_path.iterdir())) == 3
    assert "not in the paper" in bar_pairs("t", found["tasks"])
