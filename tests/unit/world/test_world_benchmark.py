"""Tests of the test set, before any model: what needs no eyes must be worth nothing on the matched points."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from components.core.errors import DataError
from components.core.seeds import rng
from components.evaluate.ovo_format import GROUPS, check_entry
from components.world.benchmark import build
from components.world.choice import choice_sets
from components.world.clock import Clock
from components.world.generate import Heldout, sample_scenes
from components.world.matched import crr_pairs
from components.world.oracle import exchanged
from components.world.points import FORWARD, accuracy, best_constant, flatten
from tests.support.small_world import all_labels, lengths, params, scenes_only

SETS = params()["world"]["heldout_sets"]
POOL = sample_scenes("heldout", Heldout().pool, 0, lengths())
TRAIN = sample_scenes("train", 200, 0, lengths())
ENTRIES = build(POOL, SETS, 0)
POINTS = flatten(ENTRIES)
MATCHED = [point for point in POINTS if point.points == "matched"]
NAIVE = [point for point in POINTS if point.points == "naive"]
NAMED = {entry["video"] for entry in ENTRIES}
SCENES = {scene.video_id: scene for scene in POOL if scene.video_id in NAMED}
SET_MEMBERS = defaultdict(list)
for _point in MATCHED:
    SET_MEMBERS[_point.match].append(_point)


def group_means(scores):
    return {group: np.mean([scores[task] for task in tasks]) for group, tasks in GROUPS.items()}


def test_every_entry_is_of_the_official_format():
    for entry in ENTRIES:
        check_entry(entry, str(entry["id"]))
    assert [entry["id"] for entry in ENTRIES] == list(range(len(ENTRIES)))
    assert {entry["task"] for entry in ENTRIES} == {task for tasks in GROUPS.values() for task in tasks}


def test_there_are_a_hundred_matched_points_in_every_group_and_forward_subtask():
    counts = Counter(point.task for point in MATCHED)
    for tasks in GROUPS.values():
        assert sum(counts[task] for task in tasks) >= 100
    assert all(counts[task] >= 100 for task in FORWARD)
    assert all(36 <= counts[task] <= 48 for task in counts if task not in FORWARD)


def test_the_right_video_answers_everything():
    assert set(accuracy(POINTS, exchanged(SCENES, 0)).values()) == {100.0}


def test_the_clock_is_at_the_floor_on_matched_points():
    clock, floor = accuracy(MATCHED, Clock.fit(TRAIN)), best_constant(MATCHED)
    for task, score in clock.items():
        assert score <= floor[task] + 3, (task, score, floor[task])
    for group, score in group_means(clock).items():
        assert score <= group_means(floor)[group] + 1


def test_the_clock_sees_through_points_that_only_look_balanced():
    """The reason for matching; also shows that the fitted clock is a real rival and not a broken one."""
    clock, floor = accuracy(NAIVE, Clock.fit(TRAIN)), best_constant(NAIVE)
    assert clock["CRR"] > floor["CRR"] + 15
    assert clock["REC"] > floor["REC"] + 8


def test_another_clips_video_is_at_the_floor():
    floor = best_constant(MATCHED)
    shifts = range(1, len(SCENES), 7)
    runs = [accuracy(MATCHED, exchanged(SCENES, shift)) for shift in shifts]
    for task in floor:
        assert np.mean([run[task] for run in runs]) <= floor[task] + 3
    means = [group_means(run) for run in runs]
    for group, score in group_means(floor).items():
        assert np.mean([mean[group] for mean in means]) <= score + 1


@pytest.mark.parametrize("match", sorted(SET_MEMBERS))
def test_within_a_set_only_the_frames_differ(match):
    members = SET_MEMBERS[match]
    task = members[0].task
    by_turn = defaultdict(list)
    for point in members:
        by_turn[point.turn].append(point)
    if task == "REC":
        assert len(by_turn) == 1 and len({p.truth for p in members}) == len(members) == 3
    elif task in ("SSR", "CRR"):
        assert all(sorted(p.truth for p in points) == ["no", "yes"] for points in by_turn.values())
        assert len(by_turn) == 2 and len({p.turn - p.since for p in members}) == 1
        yes = {p.video: [q.truth for q in members if q.video == p.video] for p in members}
        assert task == "CRR" or all(sorted(answers) == ["no", "yes"] for answers in yes.values())
    else:
        assert len(by_turn) == 1 and len({p.options for p in members}) == 1
        assert sorted(p.truth for p in members) == sorted(members[0].options)
    assert len({p.video for p in members}) == (2 if task in ("SSR", "CRR") else len(members))


def test_half_of_the_step_sets_show_another_object_when_the_answer_is_no():
    no = [p for p in MATCHED if p.task == "SSR" and p.truth == "no"]
    hard = sum(SCENES[p.video].drop_at(p.turn) is not None for p in no)
    assert len(no) // 2 <= hard < len(no)


def test_nothing_that_is_asked_was_worded_otherwise_in_training(tmp_path):
    scenes = scenes_only(tmp_path, 200)
    trained = {q["content"] for label in all_labels(tmp_path, scenes) for q in label["question"]}
    for point in MATCHED:
        assert point.question in trained, point


def test_no_clip_serves_a_subtask_twice_in_matched_sets():
    for task in {point.task for point in MATCHED}:
        owners = defaultdict(set)
        for point in MATCHED:
            if point.task == task:
                owners[point.video].add(point.match)
        assert all(len(matches) == 1 for matches in owners.values())


def test_a_pool_that_is_too_small_is_said_and_not_searched_for_ever():
    with pytest.raises(DataError, match=r"OCR.*3 scenes"):
        choice_sets("OCR", POOL[:3], 40, rng(0, "x"))
    with pytest.raises(DataError, match=r"CRR.*only 0 of 40"):
        crr_pairs([s for s in POOL if s.sign[0].value][:20] + _clued(2), 40, rng(0, "x"))


def _clued(count):
    same = next(scene for scene in POOL if not scene.sign[0].value and len(scene.sign) > 1)
    return [same] * count


def test_the_benchmark_follows_from_its_seed():
    assert build(POOL, 2, 3) == build(POOL, 2, 3) != build(POOL, 2, 4)
