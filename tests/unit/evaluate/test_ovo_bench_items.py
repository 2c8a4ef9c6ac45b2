"""What is asked when, in which words, and which annotation files are refused."""

import pytest

from components.core.errors import DataError
from components.evaluate.ovo_bench.items import Read, check_entries, plan_item
from components.evaluate.ovo_bench.polling import instants
from components.evaluate.ovo_bench.sample import stratified
from components.evaluate.ovo_bench.wording import polled
from components.evaluate.run_queries import COUNT, STEP
from tests.support import ovo_bench_set
from tests.support.ovo_bench_set import crr, letter, rec, ssr


def online(entry, turns=20):
    return plan_item(entry, turns, protocol="online", seed=0)


def released(entry, seed=0):
    return plan_item(entry, 20, protocol="released", seed=seed)


def test_a_letter_question_shows_its_options_and_sits_on_the_turn_of_its_query():
    (ask,) = online(letter(1, "OCR", "v.mp4", 7.6)).asks
    assert ask.question == (
        "What is seen?\nA. A lamp.\nB. The ball\nC. a red cube\nD. two\n"
        "Answer with the letter of the right option."
    )
    assert (ask.turn, ask.last, ask.reads) == (7, 7, (Read(0, 7, 7.6),))


def test_a_query_after_the_end_sits_on_the_last_turn():
    (ask,) = online(letter(1, "EPM", "v.mp4", 300), turns=11).asks
    assert (ask.turn, ask.reads[0].until_s) == (10, 300.0)
    (late,) = online(crr(1, "v.mp4", 30, 40, [30, 45]), turns=11).asks
    assert (late.turn, late.last) == (10, 10)


def test_rec_and_ssr_are_asked_on_turn_0_and_crr_when_it_was_asked():
    (count,) = online(rec(1, "v.mp4", [3, 8.25, 12])).asks
    assert (count.turn, count.question, count.last) == (0, COUNT.format(activity="jump"), 12)
    opened, closed = online(ssr(2, "v.mp4", [3, 7.75])).asks
    assert (opened.turn, closed.turn) == (0, 0)
    assert [ask.question for ask in (opened, closed)] == [
        STEP.format(step="open the box"),
        STEP.format(step="close the box"),
    ]
    assert [read.point for read in opened.reads] == [0, 2] and [read.point for read in closed.reads] == [1, 3]
    (clue,) = online(crr(3, "v.mp4", 4.2, 7, [4, 6])).asks
    assert clue.turn == 5


def test_no_truth_moves_an_online_question():
    for entry, change in (
        (rec(1, "v.mp4", [9]), {"start_times": [1], "end_times": [2]}),
        (ssr(2, "v.mp4", [9]), {"start_time": [0, 1], "end_time": [1, 2]}),
        (crr(3, "v.mp4", 4, 7, [9]), {"clue_time": 5}),
        (letter(4, "ASI", "v.mp4", 9), {"gt": 0, "answer": "A lamp."}),
    ):
        assert online(entry).asks == online(entry | change).asks


def test_the_released_placement_uses_the_truth_and_a_seeded_second():
    assert released(rec(1, "v.mp4", [12])).asks[0].turn == 2  # 5 s - 3 s
    assert [ask.turn for ask in released(ssr(2, "v.mp4", [12])).asks] == [2, 6]
    asked = {released(letter(3, "ASI", "v.mp4", 15.5), seed).asks[0].turn for seed in range(40)}
    assert len(asked) > 8 and max(asked) <= 15
    again = [released(letter(3, "ASI", "v.mp4", 15.5), 4).asks for _ in range(2)]
    assert again[0] == again[1]
    for entry in (letter(4, "EPM", "v.mp4", 9), crr(5, "v.mp4", 4, 7, [9])):
        assert released(entry) == online(entry)
    with pytest.raises(DataError, match=r"REC-1: --protocol released needs true start times"):
        released(rec(1, "v.mp4", [12]) | {"start_times": []})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"video": ""}, "OCR-1: `video` must name a file"),
        ({"realtime": "7"}, "OCR-1, point 0: `realtime` must be seconds from 0 on, got '7'"),
        ({"realtime": -1}, "got -1"),
        ({"realtime": True}, "got True"),
        ({"question": ""}, "OCR-1: no `question`"),
    ],
)
def test_an_entry_that_cannot_be_asked_is_named(change, told):
    with pytest.raises(DataError, match=told):
        check_entries([letter(1, "OCR", "v.mp4", 7) | change])


def test_forward_entries_need_their_own_keys():
    for entry, told in (
        (crr(1, "v.mp4", 4, 7, [9]) | {"clue_time": None}, "CRR-1: `clue_time`"),
        (rec(2, "v.mp4", []), "REC-2: no test point"),
        (ssr(3, "v.mp4", [9]) | {"test_info": [{"realtime": 1, "type": 0}]}, "needs its `step`"),
    ):
        with pytest.raises(DataError, match=told):
            check_entries([entry])
    with pytest.raises(DataError, match="OCR-1: there are two"):
        check_entries([letter(1, "OCR", "v.mp4", 7)] * 2)


def test_a_sample_is_seeded_stratified_and_in_the_order_of_the_file():
    many = [letter(n, task, "v.mp4", 3) for task in ("EPM", "OCR") for n in range(40)]
    many += [rec(99, "v.mp4", [3])]
    few = stratified(many, 0.05, 0)
    assert [entry["task"] for entry in few] == ["EPM", "EPM", "OCR", "OCR", "REC"]
    assert few == stratified(many, 0.05, 0) != stratified(many, 0.05, 1)
    assert stratified(many, None, 0) == many


def test_polled_pictures_end_at_the_query():
    assert instants(Read(0, 4, 4.9), fps=1, frames=8) == [0, 1, 2, 3, 4]
    assert instants(Read(0, 4, 4.9), fps=2, frames=16)[-2:] == [4.0, 4.5]
    assert instants(Read(0, 4, 4.3), fps=2, frames=16)[-1] == 4.0
    assert instants(Read(0, 100, 100.0), fps=1, frames=3) == [0, 50, 100]
    assert instants(Read(0, 100, 100.0), fps=1, frames=1) == [100]


def test_polled_words_name_what_is_asked():
    entries = ovo_bench_set.entries()
    for entry in entries:
        for point in entry.get("test_info", [entry]):
            text = polled(entry, point)
            assert entry.get("activity", point.get("step", entry.get("question"))) in text
