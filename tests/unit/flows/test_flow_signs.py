"""When a job on another machine counts as lost, by a clock of the test."""

import uuid
from dataclasses import dataclass

import httpx
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.states import Pending, Running, Scheduled, State

from flows.pools import Pool
from flows.signs import Signs

POOL = Pool("gpu", "process", ("train",), lost_after_s=60.0, start_after_s=600.0)
QUEUE = Pool("gpu", "process", ("train",), lost_after_s=60.0, start_after_s=600.0, on_demand=True)


@dataclass
class Clock:
    time: float = 0.0

    def __call__(self) -> float:
        return self.time


def run(state: State[object]) -> FlowRun:
    return FlowRun(flow_id=uuid.uuid4(), state=state, state_name=state.name)


def beat(text: str) -> Artifact:
    return Artifact(data=0.0, description=text)


def test_signs_of_life_keep_a_job_and_silence_loses_it() -> None:
    clock = Clock()
    signs = Signs(POOL, clock)
    for count in range(10):
        signs.see(run(Running()), beat(f"{count}: train 3/6"), [])
        clock.time += 50
        assert signs.lost() is None
    clock.time += 11
    assert signs.lost() == "no sign of life for 1:01, its machine or worker is lost (train 3/6)"


def test_the_same_line_is_a_sign_as_long_as_it_is_counted() -> None:
    clock = Clock()
    signs = Signs(POOL, clock)
    signs.see(run(Running()), beat("1: train 3/6"), [])
    clock.time += 59
    signs.see(run(Running()), beat("2: train 3/6"), [])
    clock.time += 59
    assert signs.lost() is None
    signs.see(run(Running()), beat("2: train 3/6"), [])
    clock.time += 2
    assert signs.lost() is not None


def test_a_job_behind_others_waits_as_long_as_a_worker_lives() -> None:
    clock = Clock()
    signs = Signs(POOL, clock)
    for _ in range(100):
        signs.see(run(Scheduled()), None, ["w1"])
        clock.time += 50
        assert signs.lost() is None
    signs.see(run(Scheduled()), None, [])
    clock.time += 61
    assert signs.lost() == "no live worker to take the job for 1:51"


def test_a_pool_on_demand_waits_longer_for_a_worker() -> None:
    clock = Clock()
    signs = Signs(QUEUE, clock)
    signs.see(run(Scheduled()), None, [])
    clock.time = 599
    assert signs.lost() is None
    clock.time = 601
    assert signs.lost() == "no live worker to take the job for 10:01"


def test_a_job_that_was_taken_and_not_begun_has_its_own_time() -> None:
    clock = Clock()
    signs = Signs(POOL, clock)
    signs.see(run(Pending()), None, ["w1"])
    clock.time = 599
    assert signs.lost() is None
    clock.time = 601
    assert signs.lost() == "a worker took the job 10:01 ago and has not begun it"


def test_a_server_that_does_not_answer_is_silence() -> None:
    clock = Clock()
    signs = Signs(POOL, clock)
    signs.see(run(Running()), beat("1: train"), [])
    clock.time = 61
    signs.miss(httpx.ConnectError("refused"))
    assert str(signs.lost()).endswith("lost (the Prefect server does not answer (ConnectError))")


def test_news_are_told_once_and_again_from_time_to_time() -> None:
    clock = Clock()
    signs = Signs(POOL, clock)
    signs.see(run(Running()), beat("1: train 3/6"), [])
    assert signs.news() == "train 3/6"
    signs.see(run(Running()), beat("2: train 3/6"), [])
    assert signs.news() is None
    clock.time = 31
    assert signs.news() == "train 3/6"
