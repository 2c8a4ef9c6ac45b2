"""What a lockstep batch shares never loses or repeats a plan; questions land where rule of time 1 says."""

import math

import torch
from hypothesis import example, given
from hypothesis import strategies as st

from components.infer.jobs import Job, make_jobs
from components.infer.plans import Plan
from components.infer.questions import Waiting
from components.infer.slots import Snapshot

EMPTY = Snapshot(((torch.zeros(1, 0, 1), torch.zeros(1, 0, 1)),))


@st.composite
def plans(draw):
    turns = draw(st.integers(1, 9))
    asks = draw(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab")), max_size=2))
    video, force = draw(st.sampled_from("xyz")), draw(st.booleans())
    return Plan(video, tuple(sorted(asks)), turns, float(turns - 1), force=force)


def walk(job: Job, found: dict[int, tuple[Plan, int]], shown: set[tuple[str, int]]) -> int:
    """Run a job without a model: notes which plan index ends at which turn; returns the turns it watched."""
    watched = 0
    while not job.last:
        shown.add((job.plan.video, job.turn))
        job.watched.turns.append(None)
        watched += 1
        for index in job.ends.get(job.turn, []):
            assert index not in found
            found[index] = (job.plan, job.turn)
        for other in job.branch(EMPTY):
            assert other.turn == other.plan.first_ask
            watched += walk(other, found, shown)
    return watched


@example(  # found by hypothesis: the first is a part of the second that ends before its question
    [Plan("x", ((1, "a"),), 1, 0.0), Plan("x", ((1, "a"),), 2, 1.0), Plan("x", ((1, "b"),), 2, 1.0)], True
)
@given(st.lists(plans(), max_size=12), st.booleans())
def test_every_plan_ends_once_after_its_own_turns_and_questions(given_plans, share):
    found, shown = {}, set()
    jobs = make_jobs(given_plans, EMPTY, 0, share=share)
    watched = sum(walk(job, found, shown) for job in jobs)
    assert sorted(found) == list(range(len(given_plans)))
    for index, plan in enumerate(given_plans):
        ran, ended = found[index]
        seen = tuple(ask for ask in ran.shown if ask[0] < plan.turns)
        assert (ran.video, seen, ended) == (plan.video, plan.shown, plan.turns)
        assert not plan.force or (ran.force and ran.turns == plan.turns)
    alone = sum(plan.turns for plan in given_plans)
    assert watched <= alone and (share or watched == alone)
    assert shown == {(plan.video, turn) for plan in given_plans for turn in range(plan.turns)}


@given(st.lists(st.one_of(st.none(), st.floats(0, 20)), max_size=8), st.integers(0, 3))
def test_no_question_is_lost_early_or_late(times, begin):
    waiting, expected = Waiting(), {}
    for number, at in enumerate(times):
        if at is not None and math.ceil(at) < begin:
            continue
        turn = waiting.ask(f"q{number}", at, begin)
        assert turn == (begin if at is None else math.ceil(at))
        expected.setdefault(turn, []).append((begin if at is None else at, number))
    for turn in range(begin, 22):
        texts = tuple(f"q{number}" for _, number in sorted(expected.get(turn, [])))
        assert waiting.take(turn) == texts
    assert waiting.left() == []
