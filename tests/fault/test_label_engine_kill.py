"""The label engine killed in the middle, or out of budget: nothing is paid twice, the bytes are the same."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.teacher.budget import BudgetError
from components.world.scene import Scene
from tests.support import engine_child as engine
from tests.support.engine_child import CONCURRENCY
from tests.support.engine_run import title_of
from tests.support.openai_server import Say, Script, Server, serving
from tests.support.small_world import small_world
from tests.support.world_server import WorldModel

World = tuple[Path, list[Scene]]
Unbroken = tuple[dict[str, bytes], Counter[str]]
PAID = (3000, 50)  # tokens sent and answered, as the server says, at one dollar a million
PRICE = sum(PAID) / 1e6


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    return folder, small_world(folder, clips=3)


def right(world: World, wait_s: float = 0.0) -> Script:
    """The world's answers, each after `wait_s` seconds and with what it costs."""
    model = WorldModel(*world)

    def script(body: dict[str, Any], before: int) -> Say:
        pairs = title_of(body) == "narration.change"  # many; of the others there are few, so they take longer
        return replace(model(body, before), wait_s=wait_s if pairs else 5 * wait_s, usage=PAID)

    return script


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def run_and_kill(root: Path, data: Path, server: Server, enough: int) -> None:
    """Run in a child until `enough` answers are kept, kill it, wait for what it had in flight."""
    process = engine.child(root, data)
    try:
        until(lambda: len(engine.kept(root)) >= enough or process.poll() is not None)
        assert process.poll() is None, process.communicate()[1]
    finally:
        process.kill()
        process.communicate()
    until(lambda: server.in_flight == 0)


def times_asked(server: Server) -> Counter[str]:
    return Counter(json.dumps(body, sort_keys=True) for body in server.bodies)


@pytest.fixture(scope="module")
def unbroken(world: World, tmp_path_factory: pytest.TempPathFactory) -> Unbroken:
    """The products of a run that nothing disturbed, and its calls by step."""
    with serving(right(world)) as server:
        root = engine.checkout(tmp_path_factory.mktemp("unbroken") / "repo", server.url)
        engine.annotate(root, world[0])
        return engine.products(root), Counter(title_of(body) for body in server.bodies)


def test_two_kills_repeat_no_call_and_change_no_byte(
    world: World, tmp_path: Path, unbroken: Unbroken
) -> None:
    expected, steps = unbroken
    calls, pairs = steps.total(), steps["narration.change"]
    with serving(right(world, wait_s=0.03)) as server:
        root, kept = engine.checkout(tmp_path / "repo", server.url), 0
        for enough in (8, pairs + 5):  # among the pairs of frames, then among the captions
            run_and_kill(root, world[0], server, enough)
            fresh, kept = len(engine.kept(root)) - kept, len(engine.kept(root))
            assert enough <= kept < calls
            assert set(times_asked(server).values()) == {1}
            assert 0 <= server.calls - fresh <= CONCURRENCY  # in flight when it was killed
            server.bodies.clear()
        engine.annotate(root, world[0])
        assert server.calls == calls - kept
        assert set(times_asked(server).values()) == {1}
        assert engine.products(root) == expected
        server.bodies.clear()
        engine.annotate(root, world[0])
        assert (server.calls, engine.products(root)) == (0, expected)


@pytest.mark.parametrize("budget", [{"calls": 10}, {"usd": 10.5 * PRICE + 0.007}, {"tokens": 40_000}])
def test_the_budget_stops_the_run_and_the_next_one_pays_only_the_rest(
    world: World, tmp_path: Path, unbroken: Unbroken, budget: dict[str, float]
) -> None:
    expected, steps = unbroken
    with serving(right(world)) as server:
        root = engine.checkout(tmp_path / "repo", server.url, **budget)
        with pytest.raises(BudgetError, match="no room for the next request"):
            engine.annotate(root, world[0])
        spent = server.calls
        assert spent == len(engine.kept(root)) > 0
        assert spent <= budget.get("calls", spent)
        assert spent * PRICE <= budget.get("usd", spent * PRICE)
        assert spent * sum(PAID) <= budget.get("tokens", spent * sum(PAID))
        assert not (root / "out").exists()
        engine.checkout(root, server.url)
        engine.annotate(root, world[0])
        assert server.calls == steps.total() and set(times_asked(server).values()) == {1}
        assert engine.products(root) == expected
