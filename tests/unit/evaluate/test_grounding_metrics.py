import argparse
import json

import pytest

from components.core.errors import DataError
from components.evaluate.grounding.average_precision import mean_ap, score_ap, span_ap
from components.evaluate.grounding.score import load, points, score
from components.evaluate.grounding.spans import best, iou, matches


def test_iou_counts_seconds_in_both_over_seconds_in_either():
    assert iou((0, 4), (2, 6)) == pytest.approx(2 / 6)
    assert iou((0, 4), (0, 4)) == 1
    assert iou((0, 2), (2, 4)) == 0
    assert iou((4, 0), (0, 4)) == 0
    assert best((0, 4), [(10, 12), (0, 8)]) == 0.5
    assert best(None, [(0, 1)]) == 0


def test_each_span_is_matched_once():
    assert matches([(0, 4), (0, 4)], [(0, 4)], 0.5) == 1
    assert matches([(0, 4), (5, 9)], [(5, 9), (0, 4)], 0.5) == 2
    assert matches([(0, 4)], [(0, 8)], 0.7) == 0


def test_a_wrong_span_before_the_right_one_halves_the_precision():
    truth = [(0.0, 4.0)]
    assert span_ap([(0, 4)], truth, 0.5) == 1
    assert span_ap([(8, 9), (0, 4)], truth, 0.5) == 0.5
    assert span_ap([], truth, 0.5) == 0
    # Two true spans: the second is found third, precision 2/3 there, 1 before.
    assert span_ap([(0, 4), (20, 21), (10, 14)], [(0.0, 4.0), (10.0, 14.0)], 0.5) == pytest.approx(5 / 6)


def test_mean_ap_is_the_share_of_thresholds_an_only_answer_reaches():
    assert mean_ap([(0, 7.2)], [(0.0, 10.0)]) == pytest.approx(0.5)  # IoU 0.72: 0.5 to 0.7 of ten


def test_clips_of_one_score_enter_together():
    assert score_ap([3, 2, 1], [True, False, False]) == 1
    assert score_ap([1, 1], [True, False]) == 0.5
    assert score_ap([3, 2, 1], [False, False, True]) == pytest.approx(1 / 3)
    assert score_ap([3, 2, 1], [True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert score_ap([1, 2], [False, False]) == 0
    assert score_ap([1, 2], [True, True]) == 1


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def loaded(tmp_path, answers):
    rows = [
        {"id": 0, "image_id": "a.mp4", "timestamp": [0, 10]},
        {"id": 1, "image_id": "b.mp4", "timestamp": [5, 9]},
    ]
    annotations = write(tmp_path / "gt.json", {"annotations": rows})
    return load(argparse.Namespace(annotations=annotations), write(tmp_path / "pred.json", answers))


def test_timechat_files_score_by_query(tmp_path):
    found = loaded(tmp_path, {"0": {"timestamp": [[0, 5]]}, "1": {"timestamp": []}})
    scored = score(found, 0)
    assert scored["tasks"]["R@0.5"] == {"correct": 1, "total": 2, "accuracy": 50.0}
    assert scored["tasks"]["mIoU"]["accuracy"] == 25.0
    assert scored["counted"] == {"answer_of_no_span": 1, "queries": 2}
    assert {point.video for point in points(found)["strict"]} == {"a.mp4", "b.mp4"}


def test_floors_follow_the_annotations(tmp_path):
    scored = score(loaded(tmp_path, {"0": {"timestamp": [[0, 10]]}}), 0)
    assert scored["tasks"]["R@0.7"]["accuracy"] == 100.0
    assert scored["strict"]["tasks"]["R@0.7"]["accuracy"] == 50.0
    assert scored["floors"]["usual_span"]["tasks"]["R@0.5"]["accuracy"] == 100.0  # 2.5 to 9.5 s
    assert scored["floors"]["always_silent"]["total"] == 0.0
    assert "whole_video" not in scored["floors"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "3 to 5",
        7,
        [[9, 3]],
        [["0", "10"]],
        [[float("nan"), 3]],
        [[1]],
        [[0, 10, {}]],
        {"start": 0},
        [None],
        "x" * 10_000,
        [True, False],
    ],
)
def test_no_answer_crashes_and_what_is_no_span_earns_nothing(tmp_path, answer):
    scored = score(loaded(tmp_path, {"0": {"timestamp": answer}, "1": "</Response>"}), 0)
    right = answer == [[0, 10, {}]]
    assert scored["tasks"]["mIoU"]["accuracy"] == (50.0 if right else 0.0)
    assert sum(scored["counted"].values()) > 2


def test_json_lines_with_several_true_spans_and_ranked_answers(tmp_path):
    truth = {"qid": 7, "vid": "v_1", "duration": 20, "relevant_windows": [[0, 4], [10, 14]]}
    answer = {"qid": 7, "pred_relevant_windows": [[30, 31, 0.1], [10, 14, 0.9], [0, 4, 0.5]]}
    annotations = write(
        tmp_path / "gt.jsonl", json.dumps(truth) + "\n" + json.dumps(truth | {"qid": 8}) + "\n"
    )
    results = write(tmp_path / "pred.jsonl", json.dumps(answer) + "\n" + json.dumps({"qid": 9}) + "\n")
    found = load(argparse.Namespace(annotations=annotations), results)
    scored = score(found, 0)
    assert scored["tasks"]["mAP"]["accuracy"] == scored["tasks"]["R@0.7"]["accuracy"] == 100.0
    assert scored["floors"]["whole_video"]["tasks"]["mIoU"]["accuracy"] == 20.0
    assert scored["counted"]["answer_to_no_query"] == scored["counted"]["query_without_answer"] == 1


def test_highlights_are_scored_where_clips_are(tmp_path):
    rated = {"duration": 8, "relevant_clip_ids": [1], "saliency_scores": [[4, 3, 1]]}
    truth = {"qid": 1, "vid": "v", "relevant_windows": [[2, 4]], **rated}
    annotations = write(tmp_path / "gt.json", [truth])
    results = write(tmp_path / "pred.json", [{"qid": 1, "pred_saliency_scores": [0.1, 0.9, "x", None]}])
    scored = score(load(argparse.Namespace(annotations=annotations), results), 0)
    assert scored["tasks"]["HL-VeryGood-Hit1"]["accuracy"] == 100.0
    assert scored["tasks"]["HL-VeryGood-mAP"]["accuracy"] == 33.33  # one person of three
    assert scored["counted"]["scores_unreadable"] == 2
    assert scored["floors"]["first_clip"]["tasks"]["HL-Fair-Hit1"]["accuracy"] == 0.0


@pytest.mark.parametrize(
    "rows",
    [
        [],
        {"annotations": [{"id": 0, "image_id": "a", "timestamp": [4, 4]}]},
        {"annotations": [{"id": 0, "image_id": "a"}]},
        [{"qid": 0, "vid": "a", "relevant_windows": []}],
        {"annotations": [{"id": 0, "image_id": "a", "timestamp": [0, 1]}] * 2},
    ],
)
def test_annotations_that_cannot_be_meant_are_refused_by_row(tmp_path, rows):
    results = write(tmp_path / "pred.json", {"0": {"timestamp": []}})
    with pytest.raises(DataError, match=r"gt\.json"):
        load(argparse.Namespace(annotations=write(tmp_path / "gt.json", rows)), results)


def test_answers_to_other_queries_are_refused(tmp_path):
    with pytest.raises(DataError, match="answers no query"):
        loaded(tmp_path, {"100": {"timestamp": []}})
