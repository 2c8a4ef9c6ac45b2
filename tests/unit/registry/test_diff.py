"""`streamo diff`: planted changes are found, all of them, and nothing else."""

import json

import pytest

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.registry.diff import diff
from components.registry.registration import register
from tests.support.registry_repo import CODE, PRODUCT, pin

VIDEOS = {f"train/c{n}.mp4": f"{n}0" * 32 for n in range(3)}


def remake(repo, **facts):
    repo.make("two", **facts)
    register(repo.root)
    return diff(repo.root, "v0.0.1", "v0.0.2")


@pytest.fixture
def first(repo):
    register(repo.root)
    return repo


def test_two_versions_of_the_same_inputs_differ_in_nothing(first):
    found = remake(first)
    assert found["data"]["data_dvc"] == {"old": "0" * 32 + ".dir", "new": "0" * 32 + ".dir", "changed": False}
    nothing = {"before": 3, "after": 3, "added": [], "removed": [], "changed": [], "renamed": []}
    assert found["data"]["videos"] == nothing
    assert (found["data"]["split"], found["data"]["counts"]) == ([], {})
    assert found["params"] == found["code"] == found["libraries"] == []
    assert found["metrics"]["forward"]["difference"] == 0.0
    tasks = found["clips"]["ovo"]["tasks"]
    assert tasks == {task: {"better": [], "worse": [], "same": 3} for task in ("EPM", "OCR", "REC")}
    assert found["old"]["commit"] != found["new"]["commit"]


def test_videos_are_compared_by_their_bytes(first):
    videos = {
        "train/c0.mp4": VIDEOS["train/c0.mp4"],
        "train/c1.mp4": "aa" * 32,  # other bytes
        "train/moved.mp4": VIDEOS["train/c2.mp4"],  # another name
        "train/new.mp4": "bb" * 32,
    }
    found = remake(first, videos=videos)["data"]
    assert found["videos"] == {
        "before": 3,
        "after": 4,
        "added": [{"video_id": "train/new.mp4", "sha256": "bb" * 32}],
        "removed": [],
        "changed": [{"video_id": "train/c1.mp4", "old": VIDEOS["train/c1.mp4"], "new": "aa" * 32}],
        "renamed": [{"old": "train/c2.mp4", "new": "train/moved.mp4", "sha256": VIDEOS["train/c2.mp4"]}],
    }
    assert {"video_id": "train/new.mp4", "old": None, "new": "train"} in found["split"]
    assert found["counts"]["turns.train"] == {"old": 240, "new": 320}


def test_params_are_named_by_dotted_key(first):
    path = first.root / "params.yaml"
    path.write_text(path.read_text().replace("0.001", "0.002") + "extra:\n  deep: true\n")
    assert remake(first)["params"] == [
        {"key": "extra.deep", "old": None, "new": True},
        {"key": "train.lr", "old": 0.001, "new": 0.002},
    ]


def test_code_is_named_by_file(first):
    (row,) = remake(first, code="another line")["code"]
    assert (row["key"], row["change"]) == (CODE, "changed") and row["old"] != row["new"]


def test_scores_stand_side_by_side_and_clips_say_where(first):
    found = remake(first, right=4)
    forward = found["metrics"]["forward"]
    assert forward["old"] == {"accuracy": 66.67, "interval": [61.67, 71.67]}
    assert (forward["new"]["accuracy"], forward["difference"]) == (44.44, -22.23)
    tasks = found["clips"]["ovo"]["tasks"]
    worse = [{"video_id": f"test/c{n}.mp4", "old": 100.0, "new": 0.0} for n in (1, 2)]
    assert tasks["OCR"] == {"better": [], "worse": worse, "same": 1}
    assert tasks["REC"]["same"] == tasks["EPM"]["same"] == 3
    back = diff(first.root, "v0.0.2", "v0.0.1")["clips"]["ovo"]["tasks"]["OCR"]
    assert [row["new"] for row in back["better"]] == [100.0, 100.0] and back["worse"] == []


def test_other_questions_are_not_compared_clip_by_clip(first):
    register(first.root)
    first.make("two")
    path = first.root / PRODUCT / "evaluation/ovo/points.json"
    write_json(path, read_json(path) | {"heldout": "ee" * 32})
    pin(first.root)
    first.commit("another held-out set")
    register(first.root)
    clips = diff(first.root, "v0.0.1", "v0.0.2")["clips"]["ovo"]
    assert not clips["comparable"] and "held-out sets differ" in clips["why"] and clips["tasks"] == {}


def test_a_file_a_package_lacks_is_listed(first):
    assert "v0.0.1: product/evaluation/validation/points.json" in remake(first)["missing"]


def test_an_unknown_version_is_named(first):
    with pytest.raises(DataError, match=r"no version v0\.0\.9; the last ones are: v0\.0\.1"):
        diff(first.root, "v0.0.1", "v0.0.9")


def test_text_and_json_say_the_same(first):
    found = remake(first, right=4, code="x")
    assert json.loads(first.streamo("diff", "v0.0.1", "v0.0.2", "--json").stdout) == found
    lines = first.streamo("diff", "v0.0.1", "v0.0.2").stdout.splitlines()
    assert "  OCR: 0 better, 2 worse, 1 the same" in lines
    assert f"  {CODE} changed" in lines and "params: the same" in lines
    assert "  forward: 66.67 [61.67, 71.67] -> 44.44 [39.44, 49.44]  -22.23" in lines
