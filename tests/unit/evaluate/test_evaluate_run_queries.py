import pytest

from components.core.errors import DataError, InternalError
from components.evaluate.ovo_format import check_entry
from components.evaluate.run_exchange import derange
from components.evaluate.run_queries import make_queries, question_of, to_stream, whole_clips
from components.evaluate.streams import read_results
from components.infer.plans import Plan, Watched
from components.protocol.states import State
from components.protocol.turns import Turn

TURNS = {"a.mp4": 20, "b.mp4": 12}


def letter(**more):
    entry = {"id": 1, "task": "OCR", "video": "a.mp4", "realtime": 7.6, "question": "which letter?", "gt": 1}
    return entry | {"answer": "y", "options": ["x", "y"]} | more


def rec(**more):
    points = [{"realtime": 4, "count": 1}, {"realtime": 9.4, "count": 2}]
    return {"id": 2, "task": "REC", "video": "a.mp4", "activity": "jump", "test_info": points} | more


def ssr(**more):
    points = [
        {"realtime": 3, "step": "the drop", "type": 0},
        {"realtime": 8, "step": "the lift", "type": 1},
        {"realtime": 5, "step": "the drop", "type": 1},
    ]
    return {"id": 3, "task": "SSR", "video": "a.mp4", "test_info": points} | more


def crr(**more):
    points = [{"realtime": 6.0, "type": 0}, {"realtime": 11, "type": 1}]
    entry = {"id": 4, "task": "CRR", "video": "a.mp4", "question": "tell me the letter", "clue_time": 8}
    return entry | {"ask_time": 3.5, "test_info": points} | more


def test_the_entries_used_here_are_annotations():
    for entry in (letter(), rec(), ssr(), crr()):
        check_entry(entry, "here")


def test_a_letter_question_is_asked_on_its_own_turn_and_the_stream_ends_there():
    (query,) = make_queries([letter()], TURNS)
    assert query.plan == Plan("a.mp4", ((7, "which letter?"),), 8, 7.6, force=True)
    assert query.question_turn == 7


def test_a_query_after_the_end_sits_on_the_last_turn():
    (query,) = make_queries([letter(realtime=25.0, video="b.mp4")], TURNS)
    assert (query.question_turn, query.plan.turns, query.plan.until_s) == (11, 12, 25.0)


def test_rec_is_asked_at_turn_0_and_runs_to_its_last_test_point():
    (query,) = make_queries([rec()], TURNS)
    assert query.plan == Plan("a.mp4", ((0, "keep telling me the jump count"),), 10, 9.4)
    (own,) = make_queries([rec(question="how many?")], TURNS)
    assert own.question == "how many?"


def test_ssr_has_a_stream_per_step_without_ground_truth_in_its_placement():
    drop, lift = make_queries([ssr(start_time=[4, 7], end_time=[6, 9])], TURNS)
    assert drop.plan == Plan("a.mp4", ((0, "is the drop going on?"),), 6, 5.0)
    assert lift.plan == Plan("a.mp4", ((0, "is the lift going on?"),), 9, 8.0)
    assert (drop.step, lift.step) == ("the drop", "the lift")


def test_crr_is_asked_at_its_ask_time():
    (query,) = make_queries([crr()], TURNS)
    assert query.plan == Plan("a.mp4", ((4, "tell me the letter"),), 12, 11.0)


def test_an_entry_without_its_video_is_refused():
    with pytest.raises(DataError, match=r"OCR 1: video c\.mp4"):
        make_queries([letter(video="c.mp4")], TURNS)


def test_no_query_may_be_planned_past_its_time():
    for entry in (letter(), rec(), ssr(), crr()):
        for query in make_queries([entry], TURNS):
            assert query.plan.turns - 1 <= query.plan.until_s
    with pytest.raises(InternalError):
        Plan("a.mp4", (), 9, 7.6)


def test_the_exchange_shows_every_video_once_and_never_its_own():
    names = [f"{index}.mp4" for index in range(9)]
    swap = derange([*names, *names], seed=3)
    assert sorted(swap) == sorted(swap.values()) == names
    assert all(name != other for name, other in swap.items())
    assert derange(names, seed=3) == swap != derange(names, seed=4)
    with pytest.raises(DataError, match="at least two"):
        derange(["a"], seed=0)


def test_an_exchanged_query_keeps_its_entry_and_watches_the_other_video():
    (query,) = make_queries([rec(test_info=[{"realtime": 18, "count": 1}])], TURNS, derange(TURNS, 0))
    assert (query.video, query.plan.video, query.plan.turns) == ("a.mp4", "b.mp4", 12)


def test_whole_clips_take_the_first_forward_question_to_the_end():
    queries = make_queries([letter(), crr(), rec(), letter(video="b.mp4", id=9)], TURNS)
    first, second = whole_clips(queries, TURNS)
    assert first == Plan("a.mp4", ((4, "tell me the letter"),), 20, 20.0)
    assert second == Plan("b.mp4", ((7, "which letter?"),), 12, 12.0)


def watched(states, forced=None, **texts):
    turns = [Turn(i, (), s, texts.get(f"t{i}")) for i, s in enumerate(states)]
    return Watched(turns, forced)


def test_streams_become_official_rows():
    s, b, r = State.SILENCE, State.STANDBY, State.RESPONSE
    entries = [letter(), rec(), ssr(), crr()]
    queries = make_queries(entries, TURNS)
    seen = [
        watched([s] * 7 + [r], t7="y", forced="y"),
        watched([s, s, r, s, s, s, s, r, s, s], t2="1", t7="2"),
        watched([s, s, s, s, b, b]),
        watched([s] * 9),
        watched([s] * 9 + [r, s, s], t9="z"),
    ]
    results = read_results(entries, [to_stream(q, w) for q, w in zip(queries, seen, strict=True)])
    assert results["realtime"][0]["response"] == "B"
    answers = {row["task"]: [point["response"] for point in row["test_info"]] for row in results["forward"]}
    assert answers == {"REC": ["1", "2"], "SSR": ["No", "No", "Yes"], "CRR": ["No", "Yes"]}


def test_silence_on_the_own_turn_is_a_missing_answer_and_the_forced_one_stands_beside():
    (query,) = make_queries([letter()], TURNS)
    stream = to_stream(query, watched([State.SILENCE] * 8, forced="y"))
    assert read_results([letter()], [stream])["realtime"][0]["response"] is None
    assert read_results([letter()], [stream], forced=True)["realtime"][0]["response"] == "B"


def test_wordings_come_from_the_entry_the_point_or_the_training_instructions():
    point = {"step": "the drop", "question": "say when"}
    assert question_of(ssr(), point) == "say when"
    assert question_of(ssr(), {"step": "the drop"}) == "is the drop going on?"
