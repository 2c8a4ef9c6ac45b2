"""The scorer against the official scores of real OVO-Bench result files (kept outside this repository)."""

import json

import pytest

from components.evaluate.ovo_format import load_annotations, load_results
from components.evaluate.ovo_score import score

MODELS = ["FlashVStream", "GPT", "LLaVA_Video", "QWen2VL_7B"]


@pytest.fixture(scope="module")
def ovo(shared_data):
    return shared_data / "ovo_bench"


@pytest.mark.parametrize("model", MODELS)
def test_each_real_results_folder_gets_its_official_scores(ovo, model):
    expected = json.loads((ovo / "official_scores.json").read_text())[model]
    scored = score(load_annotations(ovo / "ovo_bench_new.json"), load_results(ovo / "results" / model))
    assert {task: cell["accuracy"] for task, cell in scored["tasks"].items()} == expected["per_task"]
    counts = {task: [cell["correct"], cell["total"]] for task, cell in scored["tasks"].items()}
    assert counts == expected["correct_total"]
    assert scored["groups"] == expected["avg"]
    assert scored["total"] == expected["total"]


def test_floors_of_the_real_annotations(ovo):
    expected = json.loads((ovo / "floors.json").read_text())
    floors = score(load_annotations(ovo / "ovo_bench_new.json"), {})["floors"]
    random = floors["random"]
    for task, cell in expected["mcq"].items():
        assert random["strict"]["tasks"][task]["accuracy"] == cell["random_strict"]
        found = random["tasks"][task]["accuracy"]
        assert found == cell["random_letter_plus_text_under_official_substring_rule"]
    for group in ("backward", "realtime"):
        assert random["groups"][group] == expected[f"{group}_random_substring"]
        assert random["strict"]["groups"][group] == expected[f"{group}_random_strict"]
    assert floors["always_silent"]["groups"]["forward"] == expected["forward_always_silent"]
    assert floors["always_silent"]["tasks"]["REC"]["accuracy"] == expected["REC"]["always_silent_count0"]
    assert floors["always_yes_and_1"]["groups"]["forward"] == expected["forward_always_yes_and_1"]


def test_strict_counts_every_annotation_entry_once(ovo):
    scored = score(load_annotations(ovo / "ovo_bench_new.json"), load_results(ovo / "results" / "GPT"))
    assert scored["tasks"]["HLD"]["total"] == 187
    assert scored["strict"]["tasks"]["HLD"]["total"] == 186
    assert scored["strict"]["tasks"]["REC"] == {"correct": 0, "total": 698, "accuracy": 0.0}
    assert scored["rows"]["duplicate_rows"] == 6
