"""Agreement of two label files: known errors come out as the figures that are meant to show them."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.annotate.quality import agreement, kappa, self_consistency
from components.annotate.quality.figures import figure, ratio
from components.annotate.quality.matching import NEAR_S, match, near
from components.annotate.quality.regrounding import passes_of
from components.annotate.quality.texts import token_f1
from components.cli.main import main
from components.core.bootstrap import cluster_interval, sums_interval
from components.core.seeds import rng
from components.protocol.turns import Event
from tests.support.small_world import all_labels, scenes_only

Labels = list[dict[str, Any]]
Change = Callable[[dict[str, Any], np.random.Generator], bool]
CLIPS, RATE = 24, 0.25
PLACES = (0, 0.5, 1, 2, 3, 5)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Labels, dict[str, float]]:
    """Labels of the world's teacher, one event caption task a clip, and the clips' seconds."""
    folder = tmp_path_factory.mktemp("world")
    scenes = scenes_only(folder, CLIPS)
    labels = [label for label in all_labels(folder, scenes) if label["task_type"] != "base_qa"]
    return labels, {scene.video_id: float(scene.duration_s) for scene in scenes}


def planted(
    labels: Labels, task: str, change: Callable[[dict[str, Any]], None]
) -> tuple[Labels, Labels, float]:
    """The labels of `task`, a copy with RATE of their responses changed, and the share that really was.

    One response that stands in several labels is changed in all of them: it is one event.
    """
    right = [label for label in labels if label["task_type"] == task]
    out, chosen = copy.deepcopy(right), dict[str, bool]()
    generator = rng(0, "planted", task)
    for label in out:
        for response in label["response"]:
            name = json.dumps([label["video_path"], response], sort_keys=True)
            if chosen.setdefault(name, bool(generator.random() < RATE)):
                change(response)
    return right, out, sum(chosen.values()) / len(chosen)


def holds(figure: dict[str, Any], truth: float) -> bool:
    return bool(
        figure["value"] == pytest.approx(truth, abs=1e-6) and figure["low"] <= truth <= figure["high"]
    )


def test_equal_files_agree_in_everything(world: tuple[Labels, dict[str, float]]) -> None:
    labels, durations = world
    found = agreement(labels, labels, durations)
    values = {name: row["value"] for name, row in found["all"].items()}
    assert values.pop("instant_gap_s") == 0.0
    assert {values.pop("first_quiet"), values.pop("second_quiet")} == {None}  # something happens in each clip
    assert set(values.values()) == {1.0}
    assert sorted(found["tasks"]) == sorted({label["task_type"] for label in labels})
    assert (found["only_first"], found["only_second"], found["all"]["state_same"]["videos"]) == (
        {},
        {},
        CLIPS,
    )


def test_wrong_texts_move_the_texts_alone(world: tuple[Labels, dict[str, float]]) -> None:
    labels, durations = world
    right, wrong, share = planted(labels, "event_caption", lambda response: response.update(content="zebra"))
    found = agreement(right, wrong, durations)["tasks"]["event_caption"]
    assert 0.1 < share < 0.4
    assert holds(found["text_equal"], 1 - share) and holds(found["text_f1"], 1 - share)
    assert [found[name]["value"] for name in ("span_iou", "first_found", "state_kappa")] == [1.0, 1.0, 1.0]


def test_wrong_spans_are_not_found_and_change_states(world: tuple[Labels, dict[str, float]]) -> None:
    labels, durations = world

    def sliver(response: dict[str, Any]) -> None:
        response["end_time"] = response["st_time"] + 0.25  # drops last 2 s and more

    right, wrong, share = planted(labels, "event_caption", sliver)
    found = agreement(right, wrong, durations)["tasks"]["event_caption"]
    assert holds(found["first_found"], 1 - share) and holds(found["second_found"], 1 - share)
    assert holds(found["span_half"], 1 - share)
    assert 1 - share < found["span_iou"]["value"] < 1
    assert found["state_same"]["value"] < 1 and found["state_kappa"]["value"] < found["state_same"]["value"]
    assert found["text_equal"]["value"] == 1.0


def test_missed_events_lower_what_the_second_finds(world: tuple[Labels, dict[str, float]]) -> None:
    labels, durations = world
    right, fewer, share = planted(labels, "action_caption", lambda response: response.update(content=""))
    found = agreement(right, fewer, durations)
    assert holds(found["tasks"]["action_caption"]["first_found"], 1 - share)
    assert found["tasks"]["action_caption"]["second_found"]["value"] == 1.0
    assert set(found["second"]["responses_set_aside"]) == {"empty_text"}


def test_late_lines_count_within_a_second(world: tuple[Labels, dict[str, float]]) -> None:
    labels, durations = world
    right, late, share = planted(
        labels, "narration", lambda response: response.update(time=response["time"] + 0.75)
    )
    found = agreement(right, late, durations)["tasks"]["narration"]
    assert found["instant_near"]["value"] == 1.0
    assert holds(found["instant_gap_s"], 0.75 * share)
    assert found["state_same"]["value"] < 1


def test_events_invented_on_quiet_footage_have_a_figure_of_their_own() -> None:
    def label(video: str, times: list[int]) -> dict[str, Any]:
        said = [{"content": "a jump", "st_time": time, "end_time": time + 2, "time": ""} for time in times]
        asked = [{"content": "say when a jump is over", "time": 0}]
        return {"video_path": video, "task_type": "event_caption", "question": asked, "response": said}

    durations = dict.fromkeys("abcdef", 10.0)
    truth = [label(video, [2] if video in "ab" else []) for video in "abcdef"]
    found = agreement(truth, [label(video, [2] if video in "acd" else []) for video in "abcdef"], durations)
    quiet = {name: found["all"][name] for name in ("first_quiet", "second_quiet")}
    assert quiet["first_quiet"]["value"] == 0.5 and quiet["first_quiet"]["n"] == 4  # c and d: invented
    assert quiet["second_quiet"]["value"] == round(2 / 3, 6) and quiet["second_quiet"]["n"] == 3  # b: missed
    assert quiet["first_quiet"]["low"] < 0.5 < quiet["first_quiet"]["high"]


def test_what_cannot_be_compared_is_counted(world: tuple[Labels, dict[str, float]]) -> None:
    labels, durations = world
    one = next(label for label in labels if label["task_type"] == "tsqa")
    other = {**one, "question": [{"content": "in other words?", "time": 0}]}
    strange = {**one, "video_path": "train/none.mp4"}
    found = agreement([one, {"video_path": 7}, strange], [other, "no label"], durations)
    assert (found["both"], found["only_first"], found["only_second"]) == ({}, {"tsqa": 1}, {"tsqa": 1})
    assert found["first"]["set_aside"] == {"malformed": 1, "unknown_video": 1}
    assert found["second"]["set_aside"] == {"malformed": 1}
    assert found["all"]["state_kappa"] == {"value": None, "low": None, "high": None, "n": 0, "videos": 0}


def test_closest_pairs_are_made_first_and_texts_break_ties() -> None:
    def span(start: float, end: float, text: str = "x") -> Event:
        return Event(start, end, text, 0)

    pairs = match([span(0, 4), span(4, 8)], [span(3, 8), span(20, 21)])
    assert [(pair.first.start_s, pair.second.start_s, pair.same) for pair in pairs] == [(4, 3, True)]
    first = [Event(5, 5, "lamp turns red", 0), Event(5, 5, "actor jumps", 0)]
    assert {(pair.first.text, pair.second.text) for pair in match(first, list(reversed(first)))} == {
        (event.text, event.text) for event in first
    }


def test_only_events_near_in_time_are_set_against_each_other() -> None:
    lines = [Event(t, t, f"line {t}", 0) for t in range(3600)]
    assert len(list(near(lines, lines))) == 3 * 3600 - 2  # each second with its neighbours, not 13 million
    draw = random.Random(0)
    for _ in range(200):
        first, second = (
            [Event(start, start + draw.choice((0, 0, 1, 2.5)), "x", 0) for start in draw.choices(PLACES, k=6)]
            for _ in range(2)
        )
        spans, instants = (lambda e: e.end_s > e.start_s), (lambda e: e.end_s == e.start_s)
        assert sorted(near(first, second)) == [
            (row, column)
            for row, one in enumerate(first)
            for column, other in enumerate(second)
            if (spans(one) and spans(other) and one.start_s < other.end_s and other.start_s < one.end_s)
            or (instants(one) and instants(other) and abs(one.end_s - other.end_s) <= NEAR_S)
        ]


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [("The red circle", "the RED circle!", 1.0), ("a b", "c", 0.0), ("", "", 1.0), ("a", "", 0.0),
     ("a a b", "a b b", 2 / 3), ("red circle drops", "circle drops", 0.8)],
)  # fmt: skip
def test_token_f1(first: str, second: str, value: float) -> None:
    assert token_f1(first, second) == token_f1(second, first) == pytest.approx(value)


def test_kappa_is_cohens() -> None:
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    found = kappa(first, second)
    assert found["value"] == pytest.approx(0.4) and found["n"] == found["videos"] == 50
    assert found["low"] < 0.4 < found["high"]
    pairs = kappa(first, second, [number // 2 for number in range(50)])
    assert (pairs["value"], pairs["videos"]) == (found["value"], 25)
    assert kappa(["yes", "yes"], ["yes", "yes"])["value"] is None
    with pytest.raises(ValueError, match="2 and 1"):
        kappa(["a", "b"], ["a"])


def test_self_consistency_counts_captions_and_videos() -> None:
    passes = {"v": [((0, 2), (0, 2)), ((3, 5), (7, 9))], "w": [((0, 4), (0, 3))], "silent": []}
    found = self_consistency(passes, threshold=0.5)
    assert found["span_iou"]["value"] == pytest.approx((1 + 0 + 0.75) / 3, abs=1e-6)
    assert (found["span_same"]["n"], found["videos_same"]["n"], found["videos_same"]["value"]) == (3, 2, 0.5)
    assert self_consistency(passes, threshold=0.8)["videos_same"]["value"] == 0.0


def test_both_groundings_are_read_from_the_answers_of_a_caption_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"text": "a", "first": [[4, 6], [0, 2]], "second": [[0, 2], [4, 6]]},
        {"text": "b", "first": [[3, 5]], "second": None},
        {"text": "c", "first": [[3, 5]], "second": [[3, 5], [7, 8]]},
    ]
    answers = [{"video_id": "v", "grounded": rows}, {"video_id": "w", "dropped": "nothing_captioned"}]
    passes = passes_of(answers)
    assert passes["v"][:2] == [((0, 2), (0, 2)), ((4, 6), (4, 6))] and passes["w"] == []
    assert self_consistency(passes)["span_same"] | {"low": 0, "high": 0} == {
        "value": 0.6, "low": 0, "high": 0, "n": 5, "videos": 1,
    }  # fmt: skip
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(answers))
    assert main(["quality", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["videos_same"]["value"] == 0.0
    half = [{"text": "a", "first": [[0, 2]], "second": [[0, 3]]}]  # IoU 2/3
    path.write_text(json.dumps([{"video_id": "v", "grounded": half}]))
    for more, threshold, kept in (([], 0.5, 1.0), (["--agreement", "0.7"], 0.7, 0.0)):
        assert main(["quality", str(path), "--json", *more]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["threshold"], found["videos_same"]["value"]) == (threshold, kept)
    (tmp_path / "summary.json").write_text('{"agreement": 0.8}')  # what the filter of this product asked for
    assert main(["quality", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["threshold"] == 0.8
    assert main(["quality", str(path), "--agreement", "2"]) == 2
    for junk in ([[10**400, 2]], [[1, 2, 3]], [5], 5):
        path.write_text(json.dumps([{"video_id": "w", "grounded": [{"first": junk, "second": None}]}]))
        assert main(["quality", str(path)]) == 1
    path.write_text(json.dumps([{"video_id": "w"}]))
    assert main(["quality", str(path)]) == 1
    assert "grounded twice" in capsys.readouterr().err


def test_intervals_hold_the_rate_that_was_planted() -> None:
    held, widths = 0, list[float]()
    for seed in range(100):
        generator = rng(seed, "coverage")
        items = generator.integers(1, 8, 30).astype(float)
        rows = np.stack([generator.binomial(items.astype(int), 1 - RATE), items], axis=1).astype(float)
        found = figure(rows, ratio(0, 1), items, seed)
        held += found["low"] <= 1 - RATE <= found["high"]
        widths.append(found["high"] - found["low"])
    assert held >= 88  # 95 are asked for; a percentile bootstrap over 30 videos is a little narrow
    assert 0.1 < np.mean(widths) < 0.2  # 120 items in all: 3.9 standard errors are 0.155


def test_the_bootstrap_over_sums_draws_as_the_one_over_items() -> None:
    rows = rng(0, "rows").random((17, 2))
    items = [tuple(row) for row in rows.tolist()]
    slow = cluster_interval(
        items, range(17), lambda drawn: sum(a for a, _ in drawn) / sum(b for _, b in drawn), seed=3
    )
    assert sums_interval(rows, lambda sums: sums[..., 0] / sums[..., 1], seed=3) == pytest.approx(slow)
    with pytest.raises(ValueError, match="at least one"):
        sums_interval(rows[:0], lambda sums: sums[..., 0], seed=0)


def test_the_command_prints_and_refuses(
    world: tuple[Labels, dict[str, float]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, durations = world
    for name, value in (("a", labels), ("b", labels[:40]), ("c", []), ("durations", durations)):
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    where = ["--durations", str(tmp_path / "durations.json")]
    assert main(["quality", str(tmp_path / "a.json"), str(tmp_path / "b.json"), *where, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["all"]["state_same"]["value"] == 1.0 and found["second"]["labels"] == 40
    assert main(["quality", str(tmp_path / "a.json"), str(tmp_path / "b.json"), *where]) == 0
    assert "state_kappa" in capsys.readouterr().out
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, labels)))
    assert main(["quality", str(tmp_path / "a.jsonl"), str(tmp_path / "b.json"), *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["all"] == found["all"]
    assert main(["quality", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 2
    assert "--durations FILE" in capsys.readouterr().err
    assert main(["quality", str(tmp_path / "a.json"), str(tmp_path / "c.json"), *where]) == 1
    assert "in common" in capsys.readouterr().err
