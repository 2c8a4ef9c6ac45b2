"""What the server holds of a run is read in pages, while it still learns of the run's tasks."""

import pytest
from prefect.client.schemas.objects import State, StateType, TaskRun

from flows.record import settled


def task(name: str, state: State | None) -> TaskRun:
    return TaskRun(
        name=name, state=state, state_name=state.name if state else None, task_key=name, dynamic_key=name
    )


DONE = State(type=StateType.COMPLETED, name="Completed")
IDLE = State(type=StateType.PENDING, name="NotReady")
RUNNING = State(type=StateType.RUNNING, name="Running")


def test_one_that_comes_between_two_pages_counts_no_other_twice() -> None:
    """The newest is first on the server: when it comes, the last of the others is on the next page again."""
    older, late = [task("b", DONE), task("a", DONE)], task("c", IDLE)
    held, looks = list(older), 0

    def page(offset: int) -> list[TaskRun]:
        nonlocal looks, held
        rows = held[offset : offset + 200]
        looks += 1
        if looks == 1:
            held = [late, *older]
        return rows

    assert sorted(run.name for run in settled(page, ["a", "b", "c"], 60)) == ["a", "b", "c"]
    assert looks > 2


def test_it_waits_for_the_end_of_each_and_leaves_others_out() -> None:
    ends = iter([RUNNING, RUNNING, DONE, DONE])
    held: list[TaskRun] = []

    def page(offset: int) -> list[TaskRun]:
        nonlocal held
        if offset == 0:
            held = [task("a", next(ends)), task("elsewhere", DONE)]
        return held[offset:]

    (run,) = settled(page, ["a"], 60)
    assert (run.name, run.state_name) == ("a", "Completed")


def test_what_the_server_never_hears_of_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    held = [task("a", DONE), task("b", RUNNING)]
    found = settled(lambda offset: held[offset:], ["a", "b", "c"], 0)
    assert [run.name for run in found] == ["a", "b"]
    assert "does not know the end of b, c" in capsys.readouterr().err
