"""Each planted fault is caught by its own rule, with the rows named; without that rule it gets through."""

from collections.abc import Callable
from pathlib import Path

import pytest

from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.validate.accepted import accepted_profile
from components.validate.gate import Outcome
from components.validate.profiles import PAPER
from components.validate.rules import RULE_NAMES
from tests.support.turn_world import HALF, World


def ratio_20_1_1(world: World) -> None:
    for row in world.turns:
        place = row["turn"] % 22
        row["state"] = {10: "standby", 11: "response"}.get(place, "silence")
        row["text"] = "text" if place == 11 else None
    world.turns = [row for row in world.turns if row["turn"] < 22]
    world.events = []


def one_silent_task(world: World) -> None:
    for row in world.turns:
        if row["sample_id"] == "s03":
            row |= {"task": "narration", "state": "silence", "text": None}


def one_silent_source(world: World) -> None:
    for row in world.turns:
        if row["sample_id"] == "s03":
            row |= {"source": "koala", "state": "silence", "text": None}


def moved_back(world: World) -> None:
    world.at("s03", 20).update(start_s=12.0, end_s=13.0)


def times_swapped(world: World) -> None:
    world.at("s03", 19).update(start_s=20.0, end_s=21.0)
    world.at("s03", 20).update(start_s=19.0, end_s=20.0)


def rows_swapped(world: World) -> None:
    place = world.turns.index(world.at("s03", 19))
    world.turns[place : place + 2] = world.turns[place + 1], world.turns[place]


def ends_at_its_start(world: World) -> None:
    world.at("s03", 20)["end_s"] = 20.0


def row_dropped(world: World) -> None:
    world.turns.remove(world.at("s03", 19))


def times_jump(world: World) -> None:
    world.at("s03", 20).update(start_s=20.5, end_s=21.0)


def does_not_start_at_0(world: World) -> None:
    world.turns = [row for row in world.turns if row["sample_id"] != "s03" or row["turn"] >= 2]
    world.at("s03", 2)["question"] = ["What happens?"]


def second_state_beside(world: World) -> None:
    place = world.turns.index(world.at("s03", 20))
    world.turns.insert(place + 1, {**world.at("s03", 20), "state": "standby", "text": None})


def second_state_at_the_end(world: World) -> None:
    world.turns.append({**world.at("s03", 20), "state": "standby", "text": None})


def unknown_state(world: World) -> None:
    world.at("s03", 20)["state"] = "silence|standby"


def no_state(world: World) -> None:
    world.at("s03", 20)["state"] = None


def response_without_text(world: World) -> None:
    world.at("s03", 7)["text"] = None


def response_with_blank_text(world: World) -> None:
    world.at("s03", 7)["text"] = " \n"


def text_without_response(world: World) -> None:
    world.at("s03", 20)["text"] = "something"


def question_moved_behind(world: World) -> None:
    world.at("s03", 0)["question"], world.at("s03", 9)["question"] = [], ["What happens?"]


def answer_to_the_later_question(world: World) -> None:
    for event in world.events:
        if (event["sample_id"], event["text"]) == ("s03", "seen by 11"):
            event["question_turn"] = HALF


def event_after_end(world: World) -> None:
    world.events.append(
        {"sample_id": "s03", "start_s": 40.0, "end_s": 42.0, "text": "late", "question_turn": 0}
    )


def response_after_end(world: World) -> None:
    world.turns.append(world.turn(3, 40) | {"state": "response", "text": "late"})


def event_turned_round(world: World) -> None:
    world.events.append(
        {"sample_id": "s03", "start_s": 12.0, "end_s": 9.0, "text": "odd", "question_turn": 0}
    )


def event_without_sample(world: World) -> None:
    world.events.append({**world.events[0], "sample_id": "nobody"})


def unknown_video(world: World) -> None:
    world.at("s03", 20)["video_id"] = "ghost.mp4"


def second_video(world: World) -> None:
    world.at("s03", 20)["video_id"] = "v5.mp4"


def token_in_caption(world: World) -> None:
    world.at("s03", 7)["text"] = "a sign reads </Response> stop"


def token_in_question(world: World) -> None:
    world.at("s03", 17)["question"] = ["fine", "is this < / silence >?"]


Plant = Callable[[World], None]
FAULTS: list[tuple[Plant, str, list[tuple[str, int]]]] = [
    (moved_back, "time_increasing", [("s03", 20)]),
    (times_swapped, "time_increasing", [("s03", 20)]),
    (rows_swapped, "time_increasing", [("s03", 19)]),
    (ends_at_its_start, "time_increasing", [("s03", 20)]),
    (row_dropped, "time_contiguous", [("s03", 20)]),
    (times_jump, "time_contiguous", [("s03", 20)]),
    (does_not_start_at_0, "time_contiguous", [("s03", 2)]),
    (second_state_beside, "one_state_per_turn", [("s03", 20)]),
    (second_state_at_the_end, "one_state_per_turn", [("s03", 20)]),
    (unknown_state, "one_state_per_turn", [("s03", 20)]),
    (no_state, "one_state_per_turn", [("s03", 20)]),
    (response_without_text, "response_has_text", [("s03", 7)]),
    (response_with_blank_text, "response_has_text", [("s03", 7)]),
    (text_without_response, "only_response_has_text", [("s03", 20)]),
    (question_moved_behind, "response_after_question", [("s03", 7)]),
    (answer_to_the_later_question, "response_after_question", [("s03", 11)]),
    (event_after_end, "event_before_end", [("s03", 40)]),
    (response_after_end, "turn_before_end", [("s03", 40)]),
    (event_turned_round, "event_times_ordered", [("s03", 12)]),
    (event_without_sample, "event_sample_known", [("nobody", 5)]),
    (unknown_video, "video_known", [("s03", 20)]),
    (second_video, "one_video_per_sample", [("s03", 20)]),
    (token_in_caption, "no_state_token", [("s03", 7)]),
    (token_in_question, "no_state_token", [("s03", 17)]),
]


def broken(outcome: Outcome) -> list[str]:
    return [name for name, rule in outcome.result["rules"].items() if rule["passed"] is False]


def named(outcome: Outcome, rule: str) -> list[tuple[str, int]]:
    return [(row["sample_id"], row["turn"]) for row in outcome.result["rules"][rule]["examples"]]


def test_a_clean_table_passes_every_rule(tmp_path: Path) -> None:
    outcome = World().judge(tmp_path)
    assert outcome.result["success"] is True
    assert list(outcome.result["rules"]) == list(RULE_NAMES)
    passed = {name: rule["passed"] for name, rule in outcome.result["rules"].items()}
    assert passed.pop("source_state_shares") is None  # the profile names no source
    assert passed.pop("accepted_shares") is None  # no accepted table was named
    assert all(passed.values())
    assert all(rule["failed"] == 0 for rule in outcome.result["rules"].values())
    assert outcome.result["shares"] == {"silence": 0.705882, "standby": 0.176471, "response": 0.117647}


@pytest.mark.parametrize(("plant", "rule", "rows"), FAULTS, ids=[plant.__name__ for plant, _, _ in FAULTS])
def test_a_fault_breaks_its_rule_alone(
    plant: Plant, rule: str, rows: list[tuple[str, int]], tmp_path: Path
) -> None:
    world = World()
    plant(world)
    caught = world.judge(tmp_path)
    assert caught.result["success"] is False
    assert broken(caught) == [rule]
    assert named(caught, rule) == rows
    assert caught.result["rules"][rule]["failed"] == len(rows)
    let_through = world.judge(tmp_path, without=(rule,))
    assert let_through.result["success"] is True
    assert rule not in let_through.result["rules"]


def test_a_ratio_of_20_to_1_to_1_is_caught_with_the_silent_rows(tmp_path: Path) -> None:
    world = World()
    ratio_20_1_1(world)
    caught = world.judge(tmp_path)
    assert broken(caught) == ["state_shares"]
    found = caught.result["rules"]["state_shares"]
    assert "silence is 0.9091, expected 0.7060 +/- 0.0300" in found["detail"]
    assert found["failed"] == 46  # (20/22 - 0.706 - 0.03) of 264 rows, rounded up
    assert set(named(caught, "state_shares")) <= {
        (row["sample_id"], row["turn"]) for row in world.turns if row["state"] == "silence"
    }
    assert world.judge(tmp_path, without=("state_shares",)).result["success"] is True


def test_a_task_off_its_softer_tolerance_is_caught_by_name(tmp_path: Path) -> None:
    world = World()
    one_silent_task(world)
    assert world.judge(tmp_path).result["success"] is True
    caught = world.judge(tmp_path, task_tolerance=0.25)
    assert broken(caught) == ["task_state_shares"]
    assert "narration: silence is 1.0000" in caught.result["rules"]["task_state_shares"]["detail"]
    assert {sample for sample, _ in named(caught, "task_state_shares")} == {"s03"}
    let_through = world.judge(tmp_path, without=("task_state_shares",), task_tolerance=0.25)
    assert let_through.result["success"] is True


def test_a_task_with_a_ratio_of_its_own_is_held_to_that(tmp_path: Path) -> None:
    world = World()
    one_silent_task(world)
    silent = {"silence": 1.0, "standby": 0.0, "response": 0.0, "tolerance": 0.01}
    assert world.judge(tmp_path, task_tolerance=0.25, tasks={"narration": silent}).result["success"] is True
    almost = {**silent, "silence": 0.9, "standby": 0.1}
    caught = world.judge(tmp_path, tasks={"narration": almost, "no_such_task": silent})
    assert broken(caught) == ["task_state_shares"]
    detail = "narration: silence is 1.0000, expected 0.9000 +/- 0.0100"
    assert detail in caught.result["rules"]["task_state_shares"]["detail"]


def test_a_source_off_its_own_ratio_is_caught_by_name(tmp_path: Path) -> None:
    world = World()
    one_silent_source(world)
    assert world.judge(tmp_path).result["rules"]["source_state_shares"]["checked"] is False
    usual = {name: PAPER[name] for name in ("silence", "standby", "response", "tolerance")}
    assert world.judge(tmp_path, sources={"test": usual}).result["success"] is True
    caught = world.judge(tmp_path, sources={"test": usual, "koala": usual})
    assert broken(caught) == ["source_state_shares"]
    assert "koala: silence is 1.0000" in caught.result["rules"]["source_state_shares"]["detail"]
    assert {sample for sample, _ in named(caught, "source_state_shares")} == {"s03"}
    assert caught.result["source_shares"]["koala"] == {"silence": 1.0, "standby": 0.0, "response": 0.0}
    let_through = world.judge(tmp_path, without=("source_state_shares",), sources={"koala": usual})
    assert let_through.result["success"] is True


def test_shares_that_moved_since_the_accepted_table_are_caught_by_name(tmp_path: Path) -> None:
    before = World()
    write_json(tmp_path / "result.json", before.judge(tmp_path).result)
    accepted = accepted_profile(tmp_path / "result.json", 0.05)
    assert before.judge(tmp_path, accepted=accepted).result["rules"]["accepted_shares"]["passed"] is True
    now = World()
    for row in now.turns:
        row["source"] = "koala" if row["sample_id"] == "s03" else "test"
    assert now.judge(tmp_path, accepted=accepted).result["success"] is True  # a new source is not judged
    ratio_20_1_1(now)
    caught = now.judge(tmp_path, tolerance=1.0, accepted=accepted)
    assert broken(caught) == ["accepted_shares"]
    detail = caught.result["rules"]["accepted_shares"]["detail"]
    for group in ("all tasks", "event_caption", "test"):
        assert f"{group}: silence is 0.9091, expected 0.7059 +/- 0.0500" in detail
    assert "koala" not in detail
    assert now.judge(tmp_path, tolerance=1.0).result["success"] is True


def test_an_accepted_table_must_have_passed(tmp_path: Path) -> None:
    world = World()
    row_dropped(world)
    write_json(tmp_path / "result.json", world.judge(tmp_path).result)
    with pytest.raises(DataError, match="this gate did not pass"):
        accepted_profile(tmp_path / "result.json")
    write_json(tmp_path / "result.json", {"success": True})
    with pytest.raises(DataError, match="not a result of `streamo validate`"):
        accepted_profile(tmp_path / "result.json")
    with pytest.raises(UsageError, match="tolerance of accepted shares is 3"):
        accepted_profile(tmp_path / "result.json", 3)


def test_removing_another_expectation_does_not_help(tmp_path: Path) -> None:
    world = World()
    row_dropped(world)
    for other in set(RULE_NAMES) - {"time_contiguous"}:
        assert broken(world.judge(tmp_path, without=(other,))) == ["time_contiguous"]


def test_several_faults_are_each_named(tmp_path: Path) -> None:
    world = World()
    for plant in (row_dropped, token_in_caption, event_after_end):
        plant(world)
    outcome = world.judge(tmp_path)
    assert broken(outcome) == ["time_contiguous", "no_state_token", "event_before_end"]
