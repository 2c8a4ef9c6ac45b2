"""points.json: adds up to scores.json, and its fingerprint tells held-out sets apart and nothing else."""

from collections import defaultdict
from dataclasses import replace

import pytest

from components.cli.main import main
from components.core.errors import DataError, UsageError
from components.core.files import read_json, write_json
from components.evaluate.points import ovo_heldout, validation_heldout
from components.evaluate.run_ovo import OvoInputs, run_ovo
from components.evaluate.run_validation import ValidationInputs, run_validation
from components.evaluate.standalone import evaluate
from components.protocol.states import State
from tests.support.heldout import SECONDS, dialogue, entries, heldout_checkout, tiny_model

HASHES = {name: f"{number:064x}" for number, name in enumerate(sorted(SECONDS))}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    root = heldout_checkout(tmp_path_factory.mktemp("points"))
    tiny_model(root / "models/ce-0")
    return root


@pytest.fixture(scope="module")
def alone(checkout, tmp_path_factory):
    """What `streamo evaluate` writes for both suites."""
    out = tmp_path_factory.mktemp("alone")
    for suite in ("ovo", "validation"):
        argv = ["evaluate", str(checkout / "models/ce-0"), "--suite", suite, "--out", str(out / suite)]
        assert main([*argv, "--data", str(checkout)]) == 0
    return out


def test_points_add_up_to_the_scores_of_both_columns(alone):
    scores, points = read_json(alone / "ovo/scores.json"), read_json(alone / "ovo/points.json")["points"]
    assert [point["id"] for point in points] == sorted(point["id"] for point in points)
    for column in ("matched", "naive"):
        model = scores["columns"][column]["model"]
        correct, groups = defaultdict(list), defaultdict(set)
        for point in points:
            if point["column"] == column:
                correct[point["task"]].append(point["correct"])
                groups[point["group"]].add(point["task"])
        assert {task: (sum(found), len(found)) for task, found in correct.items()} == {
            task: (cell["correct"], cell["total"]) for task, cell in model["tasks"].items()
        }
        means = {task: 100 * sum(found) / len(found) for task, found in correct.items()}
        for group, tasks in groups.items():
            assert model["groups"][group] == round(sum(means[task] for task in tasks) / len(tasks), 2)
    assert 0 < sum(point["correct"] for point in points) < len(points)


def test_confusions_add_up_to_the_scores(alone):
    scores, points = read_json(alone / "validation/scores.json"), read_json(alone / "validation/points.json")
    pooled = {true: dict.fromkeys(said, 0) for true, said in scores["confusion"].items()}
    for sample in points["samples"]:
        for true, said in sample["confusion"].items():
            for state, turns in said.items():
                pooled[true][state] += turns
    assert pooled == scores["confusion"]
    assert len(points["samples"]) == scores["samples"]


def test_the_command_writes_what_the_stage_writes(checkout, alone, tmp_path):
    common = {"model": checkout / "models/ce-0", "media": checkout / "data/media", "seed": 0}
    common |= {"corpus": checkout / "artifacts/corpus", "dataset": checkout / "artifacts/dataset"}
    for suite in ("ovo", "validation"):
        (tmp_path / suite).mkdir()
    run_ovo(tmp_path / "ovo", OvoInputs(**common, exchanged=True, max_new_tokens=4))
    run_validation(tmp_path / "validation", ValidationInputs(**common, samples=6, max_new_tokens=4))
    stage_files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.json"))
    assert stage_files == sorted(path.relative_to(alone) for path in alone.rglob("*.json"))
    for name in stage_files:
        assert (alone / name).read_bytes() == (tmp_path / name).read_bytes()


def test_the_fingerprint_is_that_of_the_test_set_alone():
    asked = ovo_heldout(entries(), HASHES, max_new_tokens=4)
    assert ovo_heldout(entries()[::-1], HASHES | {"more.mp4": "f" * 64}, max_new_tokens=4) == asked
    notes = [entry | {"tutorial": "another", "answer": "?"} for entry in entries()]
    assert ovo_heldout(notes, HASHES, max_new_tokens=4) == asked, "what decides no score is not asked"


@pytest.mark.parametrize(
    "change",
    [{"gt": 2}, {"question": "what?"}, {"options": ["x", "y", "w"]}, {"realtime": 4}, {"match": "other"}],
)
def test_the_fingerprint_follows_every_part_of_a_question(change):
    asked = ovo_heldout(entries(), HASHES, max_new_tokens=4)
    changed = [entries()[0] | change, *entries()[1:]]
    assert ovo_heldout(changed, HASHES, max_new_tokens=4) != asked


@pytest.mark.parametrize("change", [{"count": 2}, {"realtime": 3}, {"points": "naive"}])
def test_the_fingerprint_follows_every_part_of_a_test_point(change):
    asked, changed = ovo_heldout(entries(), HASHES, max_new_tokens=4), entries()
    rec = next(entry for entry in changed if entry["task"] == "REC")
    rec["test_info"][0] |= change
    assert ovo_heldout(changed, HASHES, max_new_tokens=4) != asked


def test_the_fingerprint_follows_videos_truths_and_the_length_of_answers():
    samples = [dialogue(number, "tsqa") for number in range(3)]
    asked = validation_heldout(samples, HASHES, max_new_tokens=4)
    assert validation_heldout(samples[::-1], HASHES, max_new_tokens=4) == asked
    other = HASHES | {samples[0].video_id: "e" * 64}
    turns = [replace(samples[0].turns[0], state=State.STANDBY), *samples[0].turns[1:]]
    relabelled = [replace(samples[0], turns=turns), *samples[1:]]
    different = {
        validation_heldout(samples, other, max_new_tokens=4),
        validation_heldout(samples, HASHES, max_new_tokens=5),
        validation_heldout(samples[1:], HASHES, max_new_tokens=4),
        validation_heldout(relabelled, HASHES, max_new_tokens=4),
    }
    assert len(different) == 4 and asked not in different
    ovo = ovo_heldout(entries(), HASHES, max_new_tokens=4)
    assert ovo not in (
        ovo_heldout(entries(), HASHES | {"bench/a.mp4": "e" * 64}, max_new_tokens=4),
        ovo_heldout(entries(), HASHES, max_new_tokens=5),
    )


def test_two_points_of_one_id_are_refused():
    with pytest.raises(DataError, match="OCR-0-0 occurs twice"):
        ovo_heldout([*entries(), entries()[0]], HASHES, max_new_tokens=4)
    with pytest.raises(DataError, match=r"bench/a\.mp4 is not in the corpus manifest"):
        ovo_heldout(entries(), {}, max_new_tokens=4)


def test_a_folder_that_is_no_model_is_named(checkout, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"lacks config\.json.*safetensors"):
        evaluate(tmp_path / "empty", "ovo", tmp_path / "out", data=checkout)
    argv = ["evaluate", str(tmp_path / "nowhere"), "--suite", "ovo", "--out", str(tmp_path / "out")]
    assert main([*argv, "--data", str(checkout)]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_without_state_tokens_leaves_nothing_behind(checkout, tmp_path):
    base = tiny_model(tmp_path / "base")
    tokens = read_json(base / "tokenizer.json")
    kept = [token for token in tokens["added_tokens"] if token["content"] != "</Standby>"]
    write_json(base / "tokenizer.json", tokens | {"added_tokens": kept})
    with pytest.raises(DataError, match="Standby"):
        evaluate(base, "validation", tmp_path / "out", data=checkout)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]


def test_results_never_take_the_place_of_something(checkout, tmp_path):
    (tmp_path / "mine.txt").write_text("dear")
    with pytest.raises(UsageError, match="not empty"):
        evaluate(checkout / "models/ce-0", "ovo", tmp_path, data=checkout)
    assert (tmp_path / "mine.txt").read_text() == "dear"


def test_a_checkout_that_was_not_reproduced_or_whose_video_changed_is_named(tmp_path):
    with pytest.raises(DataError, match=r"benchmark\.json.*missing; run `make reproduce`"):
        evaluate(tiny_model(tmp_path / "model"), "ovo", tmp_path / "out", data=tmp_path)
    root = heldout_checkout(tmp_path / "changed")
    with (root / "data/media/bench/b.mp4").open("ab") as stream:
        stream.write(b"\0")
    for suite in ("ovo", "validation"):
        with pytest.raises(DataError, match=r"bench/b\.mp4: SHA-256 differs"):
            evaluate(tmp_path / "model", suite, tmp_path / "out", data=root)
