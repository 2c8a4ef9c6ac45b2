"""Which model is served, and the sentences made from numbers."""

import copy
from dataclasses import replace

import pytest

from components.core.errors import DataError
from components.report.findings import (
    NOT_REPRODUCED,
    REPRODUCED,
    early_finding,
    findings,
    in_short,
    listed,
    order_findings,
)
from components.report.inputs import ModelRun, main_column
from components.report.paper import load_paper
from components.report.select import choose
from tests.support.report_workspace import ovo_scores

SERVED = {"model": "qwen2_5_vl-focal-0"}


def model(loss, value, *, seed=0, ovo=None):
    selection = {"metric": "macro_f1", "value": value}
    validation = {"selection": selection, "macro_f1_interval": [value - 1, value + 1], "samples": 3}
    scores = {"validation": validation} | ({"ovo": ovo} if ovo else {})
    return ModelRun(f"qwen2_5_vl-{loss}-{seed}", "qwen2_5_vl", loss, seed, 1000, {"step": 300}, scores, {})


def test_the_loss_with_the_best_mean_wins_then_its_best_seed():
    runs = [model("ce", 60), model("ce", 71, seed=1), model("focal", 70), model("focal", 69, seed=1)]
    assert choose(runs)["model"] == "qwen2_5_vl-focal-0"
    assert choose(runs)["loss_means"] == {"ce": 65.5, "focal": 69.5}


def test_the_choice_does_not_read_test_scores():
    good, bad = ovo_scores(8), ovo_scores(1)
    assert choose([model("ce", 70, ovo=bad), model("focal", 60, ovo=good)])["model"] == "qwen2_5_vl-ce-0"


def test_a_tie_goes_to_the_first_name_and_missing_scores_are_refused():
    assert choose([model("fixed", 70), model("ce", 70)])["model"] == "qwen2_5_vl-ce-0"
    blind = ModelRun("qwen2_5_vl-ce-0", "qwen2_5_vl", "ce", 0, 1000, {"step": 300}, {"ovo": {}}, {})
    with pytest.raises(DataError, match="qwen2_5_vl-ce-0-validation"):
        choose([blind])


def test_a_group_above_every_control_is_reproduced_and_a_miss_is_a_miss():
    paper = load_paper()
    best = findings([model("focal", 70, ovo=ovo_scores(8))], SERVED, paper, "matched")
    assert [line["verdict"] for line in best[:4]] == [REPRODUCED] * 4
    worst = findings([model("focal", 70, ovo=ovo_scores(0))], SERVED, paper, "matched")
    assert [line["verdict"] for line in worst[:4]] == [NOT_REPRODUCED] * 4
    assert all("A miss." in line["text"] for line in worst[:4])
    assert "matched points the served model is above every control" in in_short(best, "matched")
    assert in_short(worst, "matched").startswith(
        "In short: on forward, real-time and backward matched points the served model is not above"
    )


def test_the_order_of_losses_counts_only_when_intervals_are_apart():
    losses = load_paper()["losses"]
    apart = [
        model("ce", 1, ovo=ovo_scores(0)),
        model("fixed", 1, ovo=ovo_scores(4)),
        model("focal", 1, ovo=ovo_scores(8)),
    ]
    (line,) = order_findings(apart, losses, "matched")
    assert line["verdict"] == REPRODUCED and "focal > fixed > ce" in line["text"]
    assert "(n = 1 seed)" in line["text"]
    close = [model("ce", 1, ovo=ovo_scores(6)), model("focal", 1, ovo=ovo_scores(7))]
    (line,) = order_findings(close, losses, "matched")
    assert line["verdict"] == NOT_REPRODUCED and "overlap" in line["text"]
    assert order_findings(apart[:1], losses, "matched") == []


def test_one_bad_seed_brings_the_intervals_together_again():
    losses = load_paper()["losses"]
    runs = [model("ce", 1, ovo=ovo_scores(1)), model("focal", 1, ovo=ovo_scores(8))]
    assert order_findings(runs, losses, "matched")[0]["verdict"] == REPRODUCED
    runs += [model("ce", 1, seed=1, ovo=ovo_scores(7)), model("focal", 1, seed=1, ovo=ovo_scores(7))]
    (line,) = order_findings(runs, losses, "matched")
    assert line["verdict"] == NOT_REPRODUCED and "(n = 2 seeds)" in line["text"]


def test_each_family_is_ranked_by_itself_and_only_the_first_is_served():
    def of(family, run):
        return replace(run, family=family, name=run.name.replace("qwen2_5_vl", family))

    runs = [model("ce", 50, ovo=ovo_scores(1)), model("focal", 60, ovo=ovo_scores(8))]
    runs += [
        of("internvl", model("ce", 90, ovo=ovo_scores(8))),
        of("internvl", model("focal", 1, ovo=ovo_scores(1))),
    ]
    lines = order_findings(runs, load_paper()["losses"], "matched")
    assert [line["verdict"] for line in lines] == [REPRODUCED, NOT_REPRODUCED]
    assert "on InternVL3" in lines[1]["text"] and "ce " in lines[1]["text"].split("here")[1][:4]
    served = choose(runs)
    assert (served["model"], served["family"]) == ("qwen2_5_vl-focal-0", "qwen2_5_vl")
    assert [one["model"] for one in served["candidates"]] == ["qwen2_5_vl-ce-0", "qwen2_5_vl-focal-0"]


def test_early_silence_is_read_from_the_first_kept_step():
    def early(loss, skill):
        return model(
            loss, 1, ovo={**ovo_scores(8), "at_steps": {"160": ovo_scores(8), "80": ovo_scores(skill)}}
        )

    line = early_finding([early("ce", 0), early("focal", 6)])
    assert line["verdict"] == REPRODUCED and "after 80 steps is ce 0.0, focal" in line["text"]
    assert early_finding([early("ce", 6), early("focal", 0)])["verdict"] == NOT_REPRODUCED
    assert early_finding([early("ce", 6)]) is None
    assert early_finding([model("ce", 1, ovo=ovo_scores(1)), model("focal", 1, ovo=ovo_scores(1))]) is None


def test_without_matched_points_the_naive_column_is_the_main_one():
    scores = copy.deepcopy(ovo_scores(8))
    assert main_column([model("ce", 1, ovo=scores)]) == "matched"
    scores["columns"]["matched"]["model"]["tasks"] = {}
    assert main_column([model("ce", 1, ovo=scores)]) == "naive"


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_lists_of_names_read_as_english(names, text):
    assert listed(names) == text
