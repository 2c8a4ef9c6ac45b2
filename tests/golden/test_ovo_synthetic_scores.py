"""The scorer on a hand-made set: every number here was worked out by hand from the official rule."""

import json

import pytest

from components.cli.main import main
from components.core.errors import DataError
from components.evaluate.ovo_format import load_results
from components.evaluate.ovo_score import score

ANNOTATIONS = [
    {"id": 0, "task": "EPM", "options": ["Ash", "Birch"], "gt": 1, "realtime": 3},
    {"id": 1, "task": "EPM", "options": ["Ash", "Birch", "Cedar", "Dog"], "gt": 0, "realtime": 3},
    {"id": 2, "task": "OCR", "question": "q", "options": ["x", "y"], "gt": 0, "realtime": 3},
    {"id": 3, "task": "REC", "test_info": [{"realtime": 1, "count": 0}, {"realtime": 5, "count": 2}]},
    {"id": 4, "task": "SSR", "test_info": [{"realtime": 1, "step": "s", "type": 0}]},
    {"id": 5, "task": "CRR", "test_info": [{"realtime": 1, "type": 0}, {"realtime": 9, "type": 1}]},
]


def rows():
    backward = [
        {"id": 0, "task": "EPM", "response": ["B"], "ground_truth": "B"},
        {"id": 1, "task": "EPM", "response": "B. And birch", "ground_truth": "A"},
        {"id": 1, "task": "EPM", "response": None, "ground_truth": "A"},
    ]
    forward = [
        {
            "id": 3,
            "task": "REC",
            "test_info": [
                {"realtime": 1, "count": 0, "response": ["0"]},
                {"realtime": 5, "count": 2, "response": []},
            ],
        },
        {
            "id": 5,
            "task": "CRR",
            "test_info": [
                {"realtime": 1, "type": 0, "response": "N"},
                {"realtime": 9, "type": 1, "response": "No"},
            ],
        },
    ]
    return {"backward": backward, "realtime": [], "forward": forward}


def test_official_counts_rows_and_strict_counts_entries():
    scored = score(ANNOTATIONS, rows())
    assert scored["tasks"] == {
        "EPM": {"correct": 2, "total": 3, "accuracy": 66.67},
        "REC": {"correct": 1, "total": 2, "accuracy": 50.0},
        "CRR": {"correct": 1, "total": 2, "accuracy": 50.0},
    }
    assert scored["groups"] == {"backward": 66.67, "realtime": None, "forward": 50.0}
    assert scored["total"] == 58.33
    strict = scored["strict"]
    assert strict["tasks"]["EPM"] == {"correct": 1, "total": 2, "accuracy": 50.0}
    assert strict["tasks"]["OCR"] == {"correct": 0, "total": 1, "accuracy": 0.0}
    assert strict["tasks"]["SSR"] == {"correct": 0, "total": 1, "accuracy": 0.0}
    assert strict["groups"] == {"backward": 50.0, "realtime": 0.0, "forward": 33.33}
    assert scored["rows"] == {"rows": 5, "duplicate_rows": 1, "unknown_rows": 0, "entries_without_row": 2}


def test_floors_by_hand():
    floors = score(ANNOTATIONS, rows())["floors"]
    assert floors["always_silent"]["groups"] == {"backward": 0.0, "realtime": 0.0, "forward": 66.67}
    assert floors["always_yes_and_1"]["groups"]["forward"] == pytest.approx(16.67)  # REC 0, SSR 0, CRR 50
    random = floors["random"]
    # strict 1/2 and 1/4; by substring also "B" in "B. Birch" only, and "A" in "A. Ash" only
    assert random["tasks"]["EPM"]["accuracy"] == random["strict"]["tasks"]["EPM"]["accuracy"] == 37.5
    assert random["tasks"]["REC"]["accuracy"] == 50.0  # two different counts in the file
    assert random["groups"]["forward"] == 50.0


def write(folder, annotations, results):
    (folder / "results").mkdir()
    (folder / "ann.json").write_text(json.dumps(annotations))
    (folder / "results" / "model.json").write_text(json.dumps(results))
    return [
        "score",
        "ovo",
        "--annotations",
        str(folder / "ann.json"),
        "--results",
        str(folder / "results"),
        "--json",
    ]


def test_the_command_prints_the_same_object(tmp_path, capsys):
    assert main(write(tmp_path, ANNOTATIONS, rows())) == 0
    assert json.loads(capsys.readouterr().out) == score(ANNOTATIONS, rows())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda ann, res: ann[0].pop("gt"), "ann.json: entry 0"),
        (lambda ann, res: ann[3]["test_info"][1].pop("count"), "entry 3: test point 1"),
        (lambda ann, res: res["backward"][1].pop("ground_truth"), "backward row 1"),
        (lambda ann, res: res["backward"].append(res["forward"][0]), "backward row 3"),
    ],
)
def test_a_malformed_file_is_named_and_exits_1(tmp_path, capsys, change, named):
    annotations, results = json.loads(json.dumps(ANNOTATIONS)), rows()
    change(annotations, results)
    assert main(write(tmp_path, annotations, results)) == 1
    assert named in capsys.readouterr().err


def test_a_missing_folder_and_a_foreign_file_are_refused(tmp_path):
    with pytest.raises(DataError, match="not a folder"):
        load_results(tmp_path / "nothing")
    (tmp_path / "other.json").write_text("[1, 2]")
    with pytest.raises(DataError, match=r"other\.json"):
        load_results(tmp_path)
