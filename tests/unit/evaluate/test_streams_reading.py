import json

from components.evaluate.ovo_format import truths
from components.evaluate.ovo_map import LetterMap
from components.evaluate.ovo_score import score
from components.evaluate.streams import Stream, read_results, stream_from, turn_of
from tests.support.ovo_samples import (
    benchmark,
    clue_entry,
    letter_entry,
    perfect_stream,
    silent_stream,
    step_entry,
)


def answers(entry, stream, **options):
    row = next(row for rows in read_results([entry], [stream], **options).values() for row in rows)
    return [point["response"] for point in row["test_info"]] if "test_info" in row else row["response"]


def test_perfect_streams_score_100_and_silent_ones_the_floor():
    entries = [entry for entry in benchmark() if entry["points"] == "matched"]
    best = score(entries, read_results(entries, [perfect_stream(entry) for entry in entries]))
    assert best["groups"] == {"backward": 100.0, "realtime": 100.0, "forward": 100.0}
    silent = score(entries, read_results(entries, [silent_stream(entry) for entry in entries]))
    assert silent["groups"] == silent["floors"]["always_silent"]["groups"]


def test_a_query_later_than_the_last_turn_sits_on_the_last_turn():
    assert [turn_of(t, 10) for t in (0.0, 3.99, 9.0, 12.5)] == [0, 3, 9, 9]


def test_rec_reads_the_last_count_said_by_the_point():
    entry = {"id": 1, "task": "REC", "test_info": [{"realtime": t, "count": 0} for t in (1, 3.9, 4, 9)]}
    states = ["silence"] * 10
    states[2] = states[4] = states[6] = "response"
    stream = Stream(1, "REC", 0, states, {2: "1", 4: "2", 6: "hello"})
    assert answers(entry, stream) == ["0", "1", "2", "2"]


def test_crr_strict_refuses_a_response_before_the_clue_that_loose_accepts():
    entry, states = clue_entry(1, clue=10), ["silence"] * 24
    states[9] = "response"
    stream = Stream(1, "CRR", 2, states, {9: "k"})
    assert answers(entry, stream) == ["No", "Yes"]
    assert answers(entry, stream, reading="strict") == ["No", None]
    states[9], states[10] = "silence", "response"
    assert answers(entry, stream, reading="strict") == ["No", "Yes"]


def test_a_response_before_the_question_never_counts():
    entry, states = clue_entry(1, clue=10), ["silence"] * 24
    states[1] = "response"
    assert answers(entry, Stream(1, "CRR", 2, states, {1: "k"})) == ["No", "No"]


def test_ssr_by_state_and_by_spoken_interval_differ():
    entry, states = step_entry(1, (3, 6)), ["silence"] * 24
    states[12] = "standby"
    states[13] = "response"
    stream = Stream(1, "SSR", 0, states, {13: "from 3s to 6s"}, step="amber light")
    assert answers(entry, stream) == ["No", "No", "Yes", "Yes"]
    assert answers(entry, stream, reading="interval") == ["Yes", "Yes", "No", "No"]


def test_silence_on_the_questions_own_turn_is_missing_and_the_forced_column_is_not():
    entry = letter_entry(1, truth=2)
    stream = Stream(1, "ATR", 6, ["silence"] * 24, {}, forced="blue")
    letters = LetterMap()
    assert answers(entry, stream, letters=letters) is None
    assert answers(entry, stream, forced=True, letters=letters) == "C"
    assert letters.counts["missing"] == 1 and letters.counts["exact"] == 1


def test_an_entry_without_stream_has_no_answer_and_is_wrong():
    entries = benchmark()
    results = read_results(entries, [])
    assert score(entries, results)["total"] == 0.0
    assert sum(len(truths(entry)) for entry in entries) == sum(
        len(row.get("test_info", [0])) for rows in results.values() for row in rows
    )


def test_a_stream_survives_json():
    stream = perfect_stream(step_entry(3, (3, 6)))
    assert stream_from(json.loads(json.dumps(stream.plain() | {"video": "x.mp4"}))) == stream
