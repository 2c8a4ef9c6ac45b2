import json

import numpy as np
import pytest

from components.cli.main import main
from components.core.errors import DataError
from components.core.files import write_json
from components.evaluate.streamo_bench import format
from components.evaluate.streamo_bench.content import overlap, same
from components.evaluate.streamo_bench.format import DENSE, FORWARD, NARRATION, TSQA, Moment, Task
from components.evaluate.streamo_bench.measure import measure
from components.evaluate.streamo_bench.policies import perfect, policies
from components.evaluate.streamo_bench.said import Said, read_predictions
from components.evaluate.streamo_bench.score import points, score
from components.evaluate.streamo_bench.wins import win_rates
from components.evaluate.verdicts import Pair, verdict
from tests.support.bench_sets import public_set, world_set


def task(kind, *truth, asked=0):
    moments = tuple(Moment(*moment) for moment in truth)
    return Task("t", kind, "v.mp4", "question?", asked, moments, "here", "CC0-1.0")


def test_content_is_the_words_and_numbers_are_exact():
    assert same("The lamp: RED!", "lamp red", "exact")
    assert not same("red lamp", "lamp red", "exact")
    assert same("he spreads butter on bread", "spread butter on the bread", "overlap")
    assert not same("butter", "cut the sandwich in half", "overlap")
    assert not same("12", "2", "overlap")
    assert not same("2 or 3", "2", "overlap")
    assert not same("", "", "exact")
    assert overlap("a the", "an") == 0


def test_seconds_are_found_in_words_and_standby_marks_a_start():
    assert Said(9, "from 3s to 6s").spoken_span() == (3, 6)
    assert Said(9, "It was at 3.5 - 6.25 seconds").spoken_span() == (3.5, 6.25)
    assert Said(9, "from 6s to 3s").spoken_span() is None
    assert Said(9, "at 6").spoken_span() is None
    assert Said(9, "cut the bread", 4.0).marked_span() == (4, 9)
    assert Said(9, "from 3s to 6s", 4.0).marked_span() == (3, 6)
    assert Said(9, "cut").marked_span() is None


def test_further_spans_cost_precision_and_not_the_first_span_s_iou():
    asked = task(FORWARD, (10, 20, "cut"))
    one = measure(asked, [Said(20, "from 10s to 20s")], "exact")
    more = measure(asked, [Said(20, "from 10s to 20s"), Said(25, "from 0s to 1s")], "exact")
    guess = measure(asked, [Said(12, "from 0s to 5s"), Said(20, "from 10s to 20s")], "exact")
    assert one["iou"] == more["iou"] == one["hits"] == more["hits"] == 1
    assert more["said"] == 2
    assert (guess["iou"], guess["iou_any"], guess["before_end"]) == (0, 1, 1)


def test_a_hit_is_within_three_seconds_and_pairs_once():
    asked = task(TSQA, (5, 5, "1"), (10, 10, "2"), (20, 20, "1"))
    said = [Said(8, "1"), Said(13.5, "2"), Said(20, "1"), Said(21, "1"), Said(22, "1")]
    found = measure(asked, said, "exact")
    assert (found["credited"], found["hits"], found["said"]) == (2, 2, 5)
    assert found["delay"] == 3.0
    assert found["in_time"] == 2


def test_an_event_that_is_over_is_due_when_asked():
    late = task(TSQA, (5, 5, "1"), asked=5)
    assert measure(late, [Said(8, "1")], "exact")["hits"] == 1


def test_dense_captions_are_located_by_standby():
    asked = task(DENSE, (4, 9, "cut the bread"), (12, 20, "eat it"))
    found = measure(asked, [Said(9, "cut the bread", 4.0), Said(20, "eat", 12.0)], "exact")
    assert (found["events70"], found["hits"], found["spans"]) == (2, 1, 2)
    assert found["text"] == pytest.approx(1 + 2 / 3)


@pytest.mark.parametrize("make", [lambda folder: world_set(), public_set])
def test_who_sees_everything_scores_full_and_the_floors_do_not(tmp_path, make):
    bench = make(tmp_path)
    scored = score(bench, {one.id: perfect(one) for one in bench.tasks})
    assert scored["total"] == scored["strict"]["total"] == 100.0
    assert all(table["f1"] == 100.0 for table in scored["kinds"].values())
    silent = scored["floors"]["always_silent"]
    assert silent["total"] == silent["strict"]["total"] == 0.0
    assert all(table["precision"] is None for table in silent["kinds"].values())
    assert all(scored["exceeds"].values())
    for floor in scored["floors"].values():
        assert floor["strict"]["total"] < 90


def test_always_speaking_gains_by_the_paper_s_rule_what_it_loses_by_f1():
    floor = score(world_set(), {})["floors"]["always_speaking"]["kinds"]
    assert floor[FORWARD]["miou_any"] > 50 > floor[FORWARD]["f1"]
    assert floor[TSQA]["accuracy"] > 2 * floor[TSQA]["precision"]


def test_the_clock_knows_nothing_of_the_video_it_answers():
    bench = world_set()
    before = policies(bench)["clock"]
    victim = bench.videos[0].video_id
    changed = tuple(
        Task(**{**one.__dict__, "truth": tuple(Moment(m.start_s, m.end_s, "garbage") for m in one.truth)})
        if one.video_id == victim
        else one
        for one in bench.tasks
    )
    after = policies(format.BenchSet(**{**bench.__dict__, "tasks": changed}))
    for one in bench.tasks:
        if one.video_id == victim:
            assert after["clock"][one.id] == before[one.id]
            assert after["always_speaking"][one.id] == policies(bench)["always_speaking"][one.id]


def test_intervals_hold_the_figure_and_are_drawn_by_video():
    bench = world_set()
    half = {one.id: perfect(one) for one in bench.tasks[::2]}
    kinds = score(bench, half, seed=1)["kinds"]
    for table in kinds.values():
        low, high = table["intervals"]["f1"]
        assert low <= table["f1"] <= high
        assert table["counts"]["videos"] == len(bench.videos)
    one_video = world_set(1)
    narrow = score(one_video, {})["kinds"][NARRATION]
    assert narrow["intervals"]["f1"] == [0.0, 0.0]


def test_points_add_up_to_the_table():
    bench = world_set()
    answers = {one.id: perfect(one)[:1] for one in bench.tasks}
    table = score(bench, answers)["kinds"]
    for kind, shown in table.items():
        rows = [row for row in points(bench, answers) if row["task"] == kind]
        hits, said, truths = (sum(row[key] for row in rows) for key in ("hits", "said", "truths"))
        assert shown["f1"] == round(200 * hits / (said + truths), 2)


def stream(one, texts, turns=30, standby=()):
    states = ["silence"] * turns
    for turn in standby:
        states[turn] = "standby"
    for turn in texts:
        states[int(turn)] = "response"
    return {"id": one.id, "states": states, "texts": texts}


def test_streams_and_responses_are_read_alike(tmp_path):
    bench = world_set(2)
    one, two = bench.tasks[0], bench.tasks[1]
    last = max(one.asked_s, two.asked_s) + 1
    rows = [
        stream(one, {str(last): "from 1s to 2s"}, standby=(last - 1,)),
        {"id": two.id, "responses": [{"time_s": last, "text": "from 1s to 2s", "since_s": last - 1}]},
        {"id": "nobody", "responses": []},
    ]
    write_json(tmp_path / "p.json", {"streams": rows})
    said, odd = read_predictions(tmp_path / "p.json", bench.tasks)
    assert said[one.id] == said[two.id] == [Said(last, "from 1s to 2s", last - 1)]
    assert odd["row_of_no_task"] == 1
    assert odd["task_without_row"] == len(bench.tasks) - 2


def test_what_is_said_before_the_question_answers_nothing(tmp_path):
    bench = world_set(2)
    late = next(one for one in bench.tasks if one.asked_s > 3)
    write_json(tmp_path / "p.json", [stream(late, {"2": "from 1s to 2s"})])
    said, odd = read_predictions(tmp_path / "p.json", bench.tasks)
    assert said[late.id] == []
    assert odd["answer_before_question"] == 1


@pytest.mark.parametrize("value", ["text", 3, {"rows": []}, [3], [{"id": 3}], [{"id": "a"}, {"id": "a"}]])
def test_files_of_another_shape_are_refused(tmp_path, value):
    write_json(tmp_path / "p.json", value)
    with pytest.raises(DataError, match=r"p\.json"):
        read_predictions(tmp_path / "p.json", world_set(1).tasks)


def score_command(tmp_path, *more):
    bench = world_set(3)
    format.save(tmp_path / "set.json", bench)
    write_json(tmp_path / "good.json", [row(one, perfect(one)) for one in bench.tasks])
    write_json(tmp_path / "half.json", [row(one, perfect(one)) for one in bench.tasks[::2]])
    files = ["--annotations", str(tmp_path / "set.json"), "--results", str(tmp_path / "good.json")]
    return main(["score", "streamo_bench", *files, *more])


def row(one, said):
    responses = [{"time_s": s.time_s, "text": s.text, "since_s": s.since_s} for s in said]
    return {"id": one.id, "responses": responses}


def test_the_command_scores_and_compares_pair_by_pair(tmp_path, capsys):
    assert score_command(tmp_path, "--against", str(tmp_path / "half.json"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == 100.0
    assert set(told["floors"]) == {"always_silent", "always_speaking", "clock"}
    assert told["against"]["strict"]["total"]["difference"] > 0
    assert told["against"]["official"]["total"]["first"] == 100.0
    assert score_command(tmp_path) == 0
    assert "always_speaking" in capsys.readouterr().out


def test_a_win_rate_needs_a_judge_and_somebody_to_win_over(tmp_path, capsys):
    assert score_command(tmp_path, "--judge", "judge") == 2
    assert "--win-over" in capsys.readouterr().err


class Longer:
    """Prefers the longer commentary; contradicts itself where the reference mentions amber."""

    def compare_many(self, pairs):
        return [self.one(pair) for pair in pairs]

    def one(self, pair: Pair):
        said = "tie" if len(pair.a) == len(pair.b) else "a" if len(pair.a) > len(pair.b) else "b"
        second = "b" if "amber light" in pair.task and said == "a" else said
        return verdict((said, second), ("1", "2"), "test")


def test_win_rates_are_counted_by_kind_with_what_the_judge_contradicted():
    bench = world_set(12)
    full = {one.id: perfect(one) for one in bench.tasks}
    rates = win_rates(bench, full, {}, Longer(), seed=0)
    assert rates[NARRATION]["win_rate"] == 100.0
    odd = sum("amber light" in one.question for one in bench.tasks if one.kind == DENSE)
    assert odd > 0
    assert rates[DENSE]["excluded"]["inconsistent"] == odd
    assert rates[DENSE]["decided"] + odd == rates[DENSE]["n"]
    tied = win_rates(bench, full, full, Longer(), seed=0)
    assert tied[NARRATION]["win_rate"] == 50.0
    assert np.isclose(tied[NARRATION]["agreement"], 100)
