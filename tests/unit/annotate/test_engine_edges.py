"""The second look at a time: it closes in on the second, and what is wrong with an answer has a reason."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.annotate.engine.edges import window
from components.annotate.engine.run import UnansweredError, annotate_clips
from components.annotate.outcome import Outcome
from components.annotate.samples import Clip
from tests.support import engine_run as engine
from tests.support.coarse_world import coarse, sets_in
from tests.support.openai_server import Say, serving
from tests.support.videos import plain

Told = engine.Told
Edges = Callable[[Told], Any]
SECONDS, STRIDE, FRAMES = 20, 3, 8
WEIGHTS = {
    "event_caption": 4.0,
    "tsqa": 1.0,
    "count": 1.0,
    "clue": 1.0,
    "own_turn": 0.0,
    "own_turn_questions": 0.0,
    "offline": 0.0,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "media").mkdir()
    for seconds in (SECONDS, 100):
        plain(folder / "media" / f"{seconds}.mp4", seconds=seconds, rate=1)
    return folder


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Any:
    numbers = itertools.count()

    def annotate(task: str, said: engine.Answers, *, seconds: int = SECONDS, frames: int = FRAMES) -> Outcome:
        with serving(engine.scripted(said)) as server:
            outcome = annotate_clips(
                task,
                [Clip(f"{seconds}.mp4", float(seconds))],
                engine.asker(server, tmp_path / str(next(numbers))),
                engine.looks(data),
                engine.settings(frames=frames),
                weights=WEIGHTS,
                seed=0,
            )
        outcome.summary["told"] = [engine.told_of(body) for body in server.bodies]
        return outcome

    return annotate


def at(**seconds: Any) -> Edges:
    """Edges by kind, each always at this second."""
    return lambda told: {"second": seconds[told["edge"]]}


def reasons(outcome: Outcome) -> list[str]:
    return [row["reason"] for row in outcome.quarantine]


def edges(outcome: Outcome) -> list[tuple[str, float, float]]:
    (row,) = outcome.answers
    return [(edge["edge"], edge["coarse"], edge["second"]) for edge in row["edges"]]


# --- captions


def captions(edge: Edges, *spans: tuple[float, float]) -> engine.Answers:
    """A ball that dropped at these seconds, as both coarse looks have it."""
    places = [{"start": start, "end": end} for start, end in spans]
    text = "A ball dropped"

    def rewritten(told: Told) -> Any:
        words = {"keep": True, "text": "ball dropped", "group": "drop", "name": ""}
        return {"events": [{"number": n, **words} for n in range(len(told["events"]))], "absent": []}

    return {
        "event_caption.caption": lambda told: {"events": [{**place, "text": text} for place in places]},
        "event_caption.ground": lambda told: {"spans": places},
        "event_caption.edge": edge,
        "event_caption.rewrite": rewritten,
    }


def spans_of(outcome: Outcome) -> set[tuple[float, float]]:
    return {(r["st_time"], r["end_time"]) for label in outcome.labels for r in label["response"]}


def test_beginning_and_end_of_a_span_are_asked_for_around_it(run):
    outcome = run("event_caption", captions(at(begins=5, ends=10), (6.0, 9.0)))
    asked = [told for told in outcome.summary["told"] if "edge" in told]
    assert sorted(asked, key=lambda told: told["edge"]) == [
        {"edge": "begins", "seconds": [3, 4, 5, 6, 7, 8, 9], "what": "A ball dropped"},
        {"edge": "ends", "seconds": [6, 7, 8, 9, 10, 11, 12], "what": "A ball dropped"},
    ]
    assert edges(outcome) == [("begins", 6.0, 5.0), ("ends", 9.0, 10.0)]
    assert spans_of(outcome) == {(5.0, 10.0)} and outcome.quarantine == []
    assert outcome.summary["refined"] == {"edges": 2, "mean_shift_s": 1.0}


FAULTS = [
    (at(begins=None, ends=10), "edge_not_seen"),
    (at(begins=5, ends=None), "edge_not_seen"),
    (at(begins=3, ends=10), "edge_not_seen"),  # shown from the first frame on: since when?
    (at(begins=5, ends=13), "not_a_given_second"),
    (at(begins=-1, ends=10), "not_a_given_second"),
    (at(begins=9, ends=7), "ends_before_start"),
    (at(begins=8, ends=8), "empty_span"),
    (at(begins=5.5, ends=10), "schema"),
    (lambda told: "at second five", "not_json"),
]


@pytest.mark.parametrize(("edge", "reason"), FAULTS)
def test_an_edge_at_fault_drops_the_video_with_its_reason(run, edge, reason):
    outcome = run("event_caption", captions(edge, (6.0, 9.0)))
    assert outcome.labels == [] and set(reasons(outcome)) == {reason}
    assert outcome.summary["dropped"] == {reason: 1}


def test_what_begins_at_0_and_what_goes_on_to_the_end(run):
    outcome = run("event_caption", captions(at(begins=0, ends=None), (0.0, 18.0)))
    assert spans_of(outcome) == {(0.0, 20.0)} and outcome.quarantine == []
    assert outcome.summary["counts"]["open_ends"] == 1


def test_an_end_that_was_seen_and_then_is_not_is_no_open_end(run):
    def edge(told: Told) -> Any:
        if told["edge"] == "begins":
            return {"second": told["seconds"][1]}
        return {"second": 19 if told["seconds"] == [10, 13, 16, 19] else None}

    outcome = run("event_caption", captions(edge, (10.0, 15.0)), frames=4)
    looks = [told["seconds"] for told in outcome.summary["told"] if told.get("edge") == "ends"]
    assert looks == [[10, 13, 16, 19], [16, 17, 18, 19]]
    assert outcome.summary["dropped"] == {"edge_not_seen": 1}
    assert "open_ends" not in outcome.summary["counts"]


def test_spans_of_a_caption_that_were_apart_must_not_overlap(run):
    def edge(told: Told) -> Any:
        first = told["seconds"][0] < (6 if told["edge"] == "begins" else 9)
        return {"second": {"begins": (7, 1), "ends": (13, 8)}[told["edge"]][first]}

    outcome = run("event_caption", captions(edge, (3.0, 6.0), (9.0, 12.0)))
    assert outcome.summary["dropped"] == {"spans_overlap": 1} and outcome.labels == []


def test_spans_that_turn_out_to_be_one_are_one(run):
    outcome = run("event_caption", captions(at(begins=4, ends=11), (3.0, 9.0), (6.0, 9.0)))
    assert reasons(outcome) == ["repeats"] and spans_of(outcome) == {(4.0, 11.0)}


def test_a_window_ends_where_another_span_of_the_caption_is(run):
    outcome = run("event_caption", captions(at(begins=9, ends=9), (3.0, 7.0), (8.0, 12.0)))
    asked = {
        (told["edge"], told["seconds"][0], told["seconds"][-1])
        for told in outcome.summary["told"]
        if "edge" in told
    }
    assert asked == {("begins", 0, 6), ("ends", 4, 8), ("begins", 7, 11), ("ends", 9, 15)}


def test_a_server_that_fails_leaves_no_product(run, monkeypatch):
    monkeypatch.setattr("components.teacher.asking.FIRST_WAIT_S", 0.01)
    with pytest.raises(UnansweredError, match="server_error"):
        run("event_caption", captions(lambda told: Say("out of memory", status=500), (6.0, 9.0)))


@pytest.mark.parametrize("frames", [3, 5])
def test_it_closes_in_on_the_second_however_few_frames_a_question_shows(run, frames):
    stride = -(-100 // frames)
    truth = [
        {"start": start, "end": start + stride + 3, "text": f"thing {start} moved"}
        for start in range(0, 40, 5)
    ]
    at_first = coarse(truth, range(0, 100, stride), 100)

    def where(told: Told) -> Any:
        (thing,) = [row for row in truth if row["text"] == told["what"]]
        moves = [thing["start"] <= second < thing["end"] for second in range(100)]
        if told["edge"] == "begins":
            return {"second": sets_in(told["seconds"], lambda second: moves[second])}
        return {"second": sets_in(told["seconds"], lambda second: not moves[second], from_start=False)}

    def spans(told: Told) -> Any:
        own = [row for row in at_first if row["text"] == told["caption"]]
        return {"spans": [{"start": row["start"], "end": row["end"]} for row in own]}

    def rewritten(told: Told) -> Any:
        events = [
            {"number": row["number"], "keep": True, "text": row["text"], "group": "move", "name": ""}
            for row in told["events"]
        ]
        return {"events": events, "absent": []}

    said = {
        "caption": lambda told: {"events": at_first},
        "ground": spans,
        "edge": where,
        "rewrite": rewritten,
    }
    answers = {f"event_caption.{step}": answer for step, answer in said.items()}
    outcome = run("event_caption", answers, seconds=100, frames=frames)
    (label, *_) = outcome.labels
    found = {(r["content"], r["st_time"], r["end_time"]) for r in label["response"]}
    assert outcome.quarantine == [] and len(truth) == 8
    assert found == {(row["text"], row["start"], row["end"]) for row in truth}
    asked = [told["seconds"] for told in outcome.summary["told"] if "edge" in told]
    assert max(map(len, asked)) <= frames and len(asked) > len(edges(outcome)) == 16


def test_a_window_shows_both_its_ends():
    assert window(3, 9, 8) == [3, 4, 5, 6, 7, 8, 9] and window(3, 9, 4) == [3, 5, 7, 9]
    assert window(0, 7, 3) == [0, 4, 7] and window(2, 4, 3) == [2, 3, 4] and window(5, 5, 3) == [5]
    for last, most in itertools.product(range(2, 60), range(3, 12)):
        seconds = window(0, last, most)
        gaps = [after - before for before, after in itertools.pairwise(seconds)]
        assert (seconds[0], seconds[-1]) == (0, last) and len(seconds) <= most
        assert max(gaps) < last  # each look is closer than the one before: it comes to an end


# --- changes


def change(subject: str, start: float, end: float, before: str, after: str) -> dict[str, Any]:
    aspect = "attribute" if start == end else "count"
    return {
        "subject": subject,
        "aspect": aspect,
        "start": start,
        "end": end,
        "before": before,
        "after": after,
    }


LAMP = [change("the lamp", 6.0, 6.0, "red", "green"), change("the lamp", 15.0, 15.0, "green", "red")]
JUMPS = [change("jumps", 3.0, 6.0, "", "1"), change("jumps", 9.0, 12.0, "1", "2")]
FOUND = {
    ("the lamp (attribute): red -> green", "changes"): 5,
    ("the lamp (attribute): green -> red", "changes"): 13,
    ("jumps (count): ? -> 1", "begins"): 2,
    ("jumps (count): ? -> 1", "ends"): 5,
    ("jumps (count): 1 -> 2", "begins"): 8,
    ("jumps (count): 1 -> 2", "ends"): 12,
}


def tsqa(changes: Sequence[dict[str, Any]], **other: int | None) -> engine.Answers:
    """Changes, the seconds of `FOUND` (some replaced, by their number) and a question of every subject."""
    seconds = dict(zip(FOUND, [other.get(f"n{n}", s) for n, s in enumerate(FOUND.values())], strict=True))

    def question(told: Told) -> Any:
        questions = []
        for subject in ("the lamp", "jumps"):
            own = [row for row in told["changes"] if row["subject"] == subject]
            kind, first = ("state", "red") if subject == "the lamp" else ("count", "")
            answers = [{"change": row["number"], "text": row["after"]} for row in own]
            if own:
                questions.append({"kind": kind, "query": subject, "first": first, "answers": answers})
        return {"questions": questions}

    return {
        "tsqa.changes": lambda told: {"changes": list(changes)},
        "tsqa.edge": lambda told: {"second": seconds[told["what"], told["edge"]]},
        "tsqa.question": question,
    }


def times(outcome: Outcome) -> dict[str, list[Any]]:
    """Of each kind of label, when its answers are given."""
    return {
        label["kind"]: [
            r["time"] if r["time"] != "" else (r["st_time"], r["end_time"]) for r in label["response"]
        ]
        for label in outcome.labels
    }


def test_changes_are_found_to_the_second(run):
    outcome = run("tsqa", tsqa([*LAMP, *JUMPS]))
    assert outcome.quarantine == []
    assert times(outcome) == {"tsqa": [0.0, 5.0, 13.0], "count": [(2.0, 5.0), (8.0, 12.0)]}
    assert outcome.summary["refined"] == {"edges": 6, "mean_shift_s": pytest.approx(6 / 6)}


@pytest.mark.parametrize(
    ("other", "reason"),
    [({"n1": None}, "edge_not_seen"), ({"n0": 99}, "not_a_given_second"), ({"n1": 12}, "edge_not_seen")],
)
def test_a_change_at_fault_takes_its_subject_along_after_the_second_look_too(run, other, reason):
    outcome = run("tsqa", tsqa([*LAMP, *JUMPS], **other))
    assert reasons(outcome) == [reason]
    assert times(outcome) == {"count": [(2.0, 5.0), (8.0, 12.0)]}
    assert outcome.summary["counts"]["changes_of_lost_subjects"] == 1
    assert outcome.summary["counts"]["changes"] == 2


def test_a_change_that_ends_before_it_begins_and_one_that_is_another(run):
    turned = run("tsqa", tsqa([*LAMP, *JUMPS], n2=5, n3=4))
    assert reasons(turned) == ["ends_before_start"] and set(times(turned)) == {"tsqa"}
    twice = run("tsqa", tsqa([*LAMP, change("the lamp", 8.0, 8.0, "red", "green")], n0=7))
    assert reasons(twice) == ["repeats"] and times(twice)["tsqa"] == [0.0, 7.0, 13.0]
    none = run("tsqa", tsqa(LAMP, n0=None, n1=None))
    assert none.summary["dropped"] == {"nothing_changes": 1}


# --- what becomes visible


def shown(*seconds: int | None) -> engine.Answers:
    """Signs at 6 and 12, as the first look has them, and their seconds."""
    reveals = [{"query": f"sign {n}", "time": 6.0 * (n + 1), "text": "k"} for n in range(2)]
    whats = [f"sign {n}: k" for n in range(2)]
    ask = {"topic": "lamp", "question": "which colour?", "answer": "red"}
    return {
        "offline_qa.ask": lambda told: {"asks": [], "whole": [ask], "reveals": reveals},
        "offline_qa.edge": lambda told: {"second": seconds[whats.index(told["what"])]},
    }


def test_what_becomes_visible_is_found_to_the_second_or_set_aside_alone(run):
    outcome = run("offline_qa", shown(4, None))
    assert reasons(outcome) == ["edge_not_seen"] and edges(outcome) == [("visible", 6.0, 4.0)]
    (label,) = outcome.labels
    assert label["kind"] == "clue" and [r["time"] for r in label["response"]] == [4.0]
    assert run("offline_qa", shown(4, 11)).summary["counts"]["reveals"] == 2
