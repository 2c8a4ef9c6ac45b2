"""The scorer against the official scores of real OVO-Bench result files (kept outside this repository)."""

import copy
import json

import pytest

from components.cli.main import main
from components.evaluate.ovo_format import load_annotations, load_results
from components.evaluate.ovo_score import score

MODELS = ["FlashVStream", "GPT", "LLaVA_Video", "QWen2VL_7B"]  # QWen2VL_7B answers REC with lists


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


def test_every_folder_that_is_at_hand_is_tested(ovo):
    assert sorted(path.name for path in (ovo / "results").iterdir()) == MODELS
    assert set(MODELS) <= set(json.loads((ovo / "official_scores.json").read_text()))


def test_the_clock_beats_published_models_on_forward_points_without_a_frame(ovo):
    floors = score(load_annotations(ovo / "ovo_bench_new.json"), {})["floors"]
    assert floors["clock"]["groups"]["forward"] > 55 > floors["most_frequent"]["groups"]["forward"]
    assert floors["clock_released"]["tasks"]["SSR"]["accuracy"] == 100.0  # the placement gives the step away
    low, high = floors["clock"]["intervals"]["tasks"]["CRR"]
    assert low < floors["clock"]["tasks"]["CRR"]["accuracy"] < high


def test_floors_of_the_real_annotations_change_with_them(ovo):
    entries = load_annotations(ovo / "ovo_bench_new.json")
    changed = copy.deepcopy(entries)
    for entry in changed:
        for point in entry["test_info"] if entry["task"] == "CRR" else []:
            point["type"] = 1
    before, after = (score(each, {})["floors"] for each in (entries, changed))
    assert before["always_silent"]["tasks"]["CRR"]["accuracy"] == 40.0
    assert after["always_silent"]["tasks"]["CRR"]["accuracy"] == 0.0
    assert after["clock"]["tasks"]["CRR"]["accuracy"] == 100.0
    assert after["always_silent"]["tasks"]["SSR"] == before["always_silent"]["tasks"]["SSR"]


def test_two_real_models_are_compared_pair_by_pair(ovo, capsys):
    files = {name: str(ovo / "results" / name) for name in ("QWen2VL_7B", "LLaVA_Video")}
    argv = ["score", "ovo", "--annotations", str(ovo / "ovo_bench_new.json"), "--json"]
    argv += ["--results", files["QWen2VL_7B"], "--against", files["LLaVA_Video"]]
    assert main(argv) == 0
    found = json.loads(capsys.readouterr().out)["against"]["official"]
    official = json.loads((ovo / "official_scores.json").read_text())
    assert found["points"] == 3035 and found["videos"] == 644
    assert found["total"]["first"] == official["QWen2VL_7B"]["total"]
    assert found["total"]["second"] == official["LLaVA_Video"]["total"]
    assert found["groups"]["realtime"]["interval"][1] < 0 < found["tasks"]["HLD"]["interval"][0]
