"""The losses over seeds and families: numbers, sentences, and the page that shows them."""

import re

import pytest

from components.report.ablation import over_seeds, speaks_from
from components.report.ablation_text import says
from components.report.run import run
from tests.support.report_workspace import LOSSES, make_workspace

FAMILIES, SEEDS = ["qwen2_5_vl", "internvl"], [0, 1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = make_workspace(tmp_path_factory.mktemp("workspace"), families=FAMILIES, seeds=SEEDS)
    out = tmp_path_factory.mktemp("report")
    results = run(
        out,
        root=root,
        media=root / "data/media",
        families=FAMILIES,
        losses=LOSSES,
        seeds=SEEDS,
        suites=["validation", "ovo"],
    )
    return results, (out / "index.html").read_text()


def row(loss, values, *, family="qwen2_5_vl", bounds=None, speaks=(60, 80), speech=50.0):
    cell = {"mean": sum(values) / len(values), "values": list(values), "interval": bounds}
    spoken = {"mean": speech, "values": [speech] * len(values), "interval": None}
    return {
        "family": family,
        "loss": loss,
        "seeds": list(range(len(values))),
        "groups": {"forward": cell, "realtime": None, "backward": None},
        "speech": dict.fromkeys(("recall", "precision", "f1", "false_alarms_per_quiet_minute"), spoken),
        "early": {},
        "speaks_from": list(speaks[: len(values)]),
    }


def table(*rows):
    families = list(dict.fromkeys(one["family"] for one in rows))
    losses = list(dict.fromkeys(one["loss"] for one in rows))
    return {"families": families, "losses": losses, "seeds": rows[0]["seeds"], "rows": list(rows)}


def test_a_mean_needs_every_seed_and_the_joint_interval_holds_all_bounds():
    assert over_seeds([40.0, 50.0], [[35.0, 45.0], [48.0, 52.0]]) == {
        "mean": 45.0,
        "values": [40.0, 50.0],
        "interval": [35.0, 52.0],
    }
    assert over_seeds([40.0, None]) is None and over_seeds([]) is None
    assert over_seeds([40.0], [None])["interval"] is None


def test_a_model_speaks_once_its_f1_stays_up_and_not_by_saying_response_always():
    def curve(*pairs):
        return [
            {"step": 20.0 * n, "recall_response": recall, "precision_response": precision}
            for n, (recall, precision) in enumerate(pairs, start=1)
        ]

    assert speaks_from(curve((1.0, 0.13), (0.7, 0.7), (0.2, 0.9), (0.6, 0.6), (0.8, 0.8))) == 80
    assert speaks_from(curve((0.9, 0.9))) == 20
    assert speaks_from(curve((1.0, 0.13), (1.0, 0.2))) is None
    assert speaks_from([{"step": 20.0}]) is None


def test_one_seed_says_that_it_is_one():
    lines = says(table(row("ce", [50.0]), row("focal", [60.0])))
    assert lines[0].startswith("2 losses on Qwen2.5-VL, n = 1 seed: ")
    assert lines[1] == "Forward points: focal 60.0 > ce 50.0."
    assert says(table(row("ce", [50.0])))[1:] == []


def test_agreement_of_seeds_is_said_from_their_orders():
    agreed = says(table(row("ce", [50.0, 51.0]), row("focal", [60.0, 61.0])))
    assert "every seed gives this order" in agreed[1]
    torn = says(table(row("ce", [50.0, 62.0]), row("focal", [60.0, 61.0])))
    assert "seed 0: focal > ce; seed 1: ce > focal" in torn[1]
    assert "even the first place is the seed's" in torn[1]
    third = says(table(row("ce", [50.0, 52.0]), row("fixed", [51.0, 50.0]), row("focal", [60.0, 61.0])))
    assert "focal is first in every seed" in third[1]
    equal = says(table(row("ce", [50.0, 50.0]), row("focal", [50.0, 50.0])))
    assert equal[1] == "Forward points: ce 50.0 = focal 50.0; every seed gives this order."


def test_intervals_of_neighbours_are_compared_pair_by_pair():
    rows = [
        row("ce", [50.0], bounds=[48.0, 52.0]),
        row("fixed", [53.0], bounds=[51.0, 55.0]),
        row("focal", [60.0], bounds=[58.0, 62.0]),
    ]
    assert says(table(*rows))[2].endswith("apart: focal and fixed; overlapping: fixed and ce.")


def test_no_loss_is_favoured_by_the_sentences():
    best = row("ce", [60.0], speech=90.0)
    worst = row("focal", [50.0], speech=10.0)
    lines = says(table(best, worst))
    assert lines[1] == "Forward points: ce 60.0 > focal 50.0."
    assert "highest recall of Response is that of ce (90.0)" in lines[-1]
    assert "fewest false alarms per quiet minute those of focal (10.0)" in lines[-1]
    alike = says(table(row("ce", [60.0]), row("focal", [50.0])))[-1]
    assert "highest precision that of ce and focal (50.0)" in alike
    never = says(table(row("ce", [60.0], speaks=(None,)), worst))
    assert any("ce not by the end, focal 60" in line for line in never)


def test_families_are_said_to_agree_only_where_they_do():
    here = (row("ce", [50.0]), row("focal", [60.0]))
    same = (row("ce", [10.0], family="internvl"), row("focal", [20.0], family="internvl"))
    other = (row("ce", [20.0], family="internvl"), row("focal", [10.0], family="internvl"))
    assert says(table(*here, *same))[-1].startswith("The families rank the losses alike")
    assert says(table(*here, *other))[-1].startswith("The families do not rank the losses alike")
    assert any(line.startswith("Forward points (InternVL3): ") for line in says(table(*here, *other)))


def test_the_page_shows_both_families_and_every_seed(made):
    results, page = made
    shown = results["ablation"]
    assert (shown["families"], shown["losses"], shown["seeds"]) == (FAMILIES, LOSSES, SEEDS)
    assert len(shown["rows"]) == 6 and all(
        len(one["groups"]["forward"]["values"]) == 2 for one in shown["rows"]
    )
    words = re.sub(r"<[^>]+>", "\n", page)
    for name in results["models"]:
        assert f"\n{name}" in words, name
    for one in shown["rows"]:
        seeds = " / ".join(f"{value:.1f}" for value in one["groups"]["forward"]["values"])
        assert seeds in words, one
    assert "Qwen2.5-VL architecture" in words and "InternVL3 architecture" in words
    assert "n = 2 seeds" in words and "The families" in words


def test_curves_have_a_stroke_for_each_seed_and_a_chart_for_each_task(made):
    results, page = made
    assert 'stroke-dasharray="5 3"' in page
    for task in ("event_caption", "tsqa"):
        assert page.count(f"<figcaption>cross entropy, {task.replace('_', ' ')}</figcaption>") == len(
            FAMILIES
        )
    curve = results["models"]["internvl-ce-1"]["curves"]
    assert curve["tasks"]["tsqa"][1] is None, "an empty cell stays empty"
    assert curve["states"]["false_alarms_per_quiet_minute"][0] == 9.0


def test_the_papers_number_stands_in_its_own_column(made):
    results, page = made
    printed = {(one["base"], one["loss"]): f"{one['forward']:.2f}" for one in results["paper"]["losses"]}
    section = page[page.index('id="comparison"') : page.index('id="validation"')]
    for base in ("Qwen2.5-VL-3B", "InternVL3-2B"):
        for loss in LOSSES:
            assert f"<td>{printed[base, loss]}</td></tr>" in section
