"""Grounding, highlights and dense captions of a real model (TimeChat's example files, kept outside)."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from components.evaluate.captions import score as captions
from components.evaluate.grounding import score as grounding


@pytest.fixture(scope="module")
def files(shared_data):
    return shared_data / "annotations/timechat_metrics"


def load(module, files: Path, kind: str):
    annotations = argparse.Namespace(annotations=files / f"{kind}_example_gt_file.json")
    return module.load(annotations, files / f"{kind}_example_pred_file.json")


def test_grounding_equals_a_short_computation_of_its_own(files):
    truth = {
        row["id"]: row["timestamp"]
        for row in json.loads((files / "tvg_example_gt_file.json").read_text())["annotations"]
    }
    overlaps = []
    for name, row in json.loads((files / "tvg_example_pred_file.json").read_text()).items():
        overlaps.append(0.0)
        if row["timestamp"]:
            (a, b), (c, d) = row["timestamp"][0], truth[int(name)]
            overlaps[-1] = max(0.0, min(b, d) - max(a, c)) / (max(b, d) - min(a, c))
    assert len(overlaps) == 500
    scored = grounding.score(load(grounding, files, "tvg"), 0)
    for level in (0.3, 0.5, 0.7):
        share = round(100 * sum(value >= level for value in overlaps) / len(overlaps), 2)
        assert scored["tasks"][f"R@{level}"]["accuracy"] == share > 0
    assert scored["tasks"]["mIoU"]["accuracy"] == round(100 * sum(overlaps) / len(overlaps), 2)
    # One answer for each query: no mAP can exceed the recall at the same threshold.
    assert scored["tasks"]["mAP@0.5"]["accuracy"] <= scored["tasks"]["R@0.5"]["accuracy"]


def test_unanswered_queries_cost_in_the_strict_table_and_the_usual_span_is_above_this_model(files):
    scored = grounding.score(load(grounding, files, "tvg"), 0)
    assert scored["counted"] == {"answer_of_no_span": 280, "queries": 3720, "query_without_answer": 3220}
    official, strict = scored["tasks"]["R@0.3"], scored["strict"]["tasks"]["R@0.3"]
    assert official["correct"] == strict["correct"] == 45
    assert (official["total"], strict["total"]) == (500, 3720)
    assert scored["floors"]["usual_span"]["tasks"]["R@0.5"]["accuracy"] > official["accuracy"]
    assert scored["floors"]["always_silent"]["total"] == 0


def test_highlights_equal_the_official_rule_by_another_way(files):
    curve = pytest.importorskip("sklearn.metrics").precision_recall_curve
    loaded = load(grounding, files, "vhd")
    loaded = grounding.Loaded(loaded.queries[:300], loaded.answers)
    scored = {name: cell["accuracy"] for name, cell in official(loaded).items()}
    for name, least in (("Fair", 2), ("Good", 3), ("VeryGood", 4)):
        aps, hits = [], []
        for query in loaded.queries:
            if query.id not in loaded.answers.by_id:
                continue
            rated = np.zeros((query.saliency.count, 3))
            rated[list(query.saliency.clips)] = query.saliency.scores
            given = np.array(loaded.answers.by_id[query.id].scores)
            top = int(given.argmax())
            hits.append(bool((rated[top] >= least).any()) if top < len(rated) else False)
            padded = np.zeros(len(rated))
            padded[: len(given)] = given[: len(rated)]
            aps += [ap(curve, rated[:, person] >= least, padded) for person in range(3)]
        assert scored[f"HL-{name}-mAP"] == round(100 * float(np.mean(aps)), 2)
        assert scored[f"HL-{name}-Hit1"] == round(100 * float(np.mean(hits)), 2)


def official(loaded):
    from components.evaluate.scheme import table

    return table(grounding.points(loaded)["official"], grounding.scheme(loaded))["tasks"]


def ap(curve, right, scores) -> float:
    if right.all() or not right.any():
        return float(right.any())
    precision, recall, _ = curve(right, scores)
    precision = np.maximum.accumulate(precision)
    return float(precision[np.where(np.diff(recall))[0]].mean())


def test_dense_captions_of_a_real_model_score_with_every_row_accounted_for(files):
    loaded = load(captions, files, "dvc")
    assert len(loaded.videos) == 415
    assert sum(len(one.events) for one in loaded.videos) == 3187
    assert loaded.odd["span_turned_round"] == 15
    few = captions.Loaded(loaded.videos[:25], loaded.answers, loaded.odd)
    scored = captions.score(few, 0)
    precision, recall = found_by_hand(few, 0.5)
    by_hand = np.mean([2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision, recall, strict=True)])
    assert scored["tasks"]["event_F1@0.5"]["accuracy"] == round(100 * float(by_hand), 2) > 0
    assert 0 < scored["tasks"]["SODA_c"]["accuracy"] < 100
    assert scored["strict"]["tasks"]["METEOR_es"]["accuracy"] < scored["tasks"]["METEOR_es"]["accuracy"] * 1.5
    assert scored["floors"]["always_silent"]["total"] == 0


def found_by_hand(loaded, level: float):
    precision, recall = [], []
    for one in loaded.videos:
        said = np.array([event.span for event in loaded.answers[one.video]])
        true = np.array([event.span for event in one.events])
        both = np.minimum(said[:, None, 1], true[None, :, 1]) - np.maximum(said[:, None, 0], true[None, :, 0])
        hull = np.maximum(said[:, None, 1], true[None, :, 1]) - np.minimum(said[:, None, 0], true[None, :, 0])
        over = np.maximum(both, 0) / hull > level
        precision.append(over.any(axis=1).mean())
        recall.append(over.any(axis=0).mean())
    return precision, recall


@pytest.mark.parametrize(
    ("source", "file", "videos", "drawn"),
    [
        ("youcook2", "youcook2/yc2_train.json", 1333, 300),
        ("activitynet_captions", "activitynet_captions/val.json", 4914, 60),
    ],
)
def test_a_whole_bench_is_made_from_public_annotations(shared_data, tmp_path, source, file, videos, drawn):
    from components.cli.main import main
    from components.evaluate.streamo_bench import format
    from components.evaluate.streamo_bench.timelines import read_public

    path = shared_data / "annotations" / file
    assert len(read_public(path, source)[0]) == videos
    made = tmp_path / "set.json"
    args = ["streamo-bench", "make", f"{source}={path}", "--out", str(made), "--videos", str(drawn)]
    assert main(args) == 0
    bench = format.load(made)
    assert len(bench.videos) == drawn
    assert len(bench.tasks) > 7 * drawn
    assert {task.kind for task in bench.tasks} == set(format.KINDS)
    assert all(task.source == source and task.licence for task in bench.tasks)
