"""A client that is killed, interrupted or doubled: no call is repeated, as the server counts them."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ask
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint
from tests.support.openai_server import Say, serving, user_text

ROOT = Path(__file__).resolve().parents[2]
COUNT = 24
QUESTIONS = [f"question {n}" for n in range(COUNT)]
EXPECTED = [f"answer to {question}" for question in QUESTIONS]
CHILD = "import sys; from tests.fault.test_client_kill import main; main(*sys.argv[1:])"


def client(url: str, folder: Path) -> Client:
    endpoint = Endpoint(url, "m", "1", 1.0, 1.0, concurrency=4)
    return Client(endpoint, AnswerCache(folder), Budget(usd=1.0), stream=io.StringIO())


def answers(url: str, folder: Path) -> list[Any]:
    outcomes = client(url, folder).ask_many([ask("", question) for question in QUESTIONS])
    return [getattr(outcome, "data", None) for outcome in outcomes]


def main(url: str, folder: str) -> None:
    """What a child process runs; prints the answers."""
    print(json.dumps(answers(url, Path(folder))))


def child(url: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def answer(body: dict[str, Any], before: int) -> Say:
    return Say(f"answer to {user_text(body)}", wait_s=0.15)


def until(holds: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kept(folder: Path) -> list[str]:
    """The questions whose answers are kept."""
    records = [json.loads(path.read_text()) for path in folder.glob("*/[0-9a-f]*.json")]
    return [record["request"]["messages"][1]["parts"][0] for record in records]


def test_sigkill_in_the_middle_repeats_no_answered_call(tmp_path: Path) -> None:
    with serving(answer) as server:
        first = child(server.url, tmp_path)
        until(lambda: len(kept(tmp_path)) >= 6, first)
        first.kill()
        first.communicate()
        paid = kept(tmp_path)
        assert 6 <= len(paid) < COUNT
        until_idle(server)
        server.bodies.clear()
        assert answers(server.url, tmp_path) == EXPECTED
        assert server.counts() == {question: 1 for question in QUESTIONS if question not in paid}
        assert answers(server.url, tmp_path) == EXPECTED
        assert server.calls == COUNT - len(paid)


def until_idle(server: Any) -> None:
    """Wait for the requests of a killed client: they are no repetition."""
    deadline = time.monotonic() + 60
    while server.in_flight:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_answers_in_flight_arrive(tmp_path: Path, number: signal.Signals) -> None:
    with serving(answer) as server:
        first = child(server.url, tmp_path)
        until(lambda: len(kept(tmp_path)) >= 4, first)
        first.send_signal(number)
        said = first.communicate(timeout=60)[1]
        assert "answers in flight are awaited and kept" in said
        assert first.returncode == -number
        assert len(kept(tmp_path)) == server.calls < COUNT
        assert answers(server.url, tmp_path) == EXPECTED
        assert server.counts() == dict.fromkeys(QUESTIONS, 1)


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    release = threading.Event()

    def late(body: dict[str, Any], before: int) -> Say:
        release.wait(120)
        return Say("late")

    with serving(late) as server:
        process = child(server.url, tmp_path)
        until(lambda: server.calls == 4, process)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert "stopping" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
        assert (server.calls, server.in_flight) == (4, 4)
        release.set()
        process.communicate()


def test_two_processes_on_one_cache_ask_each_question_once(tmp_path: Path) -> None:
    with serving(answer) as server:
        other = child(server.url, tmp_path)
        until(lambda: server.calls > 0, other)
        assert answers(server.url, tmp_path) == EXPECTED
        printed = other.communicate(timeout=60)[0]
        assert (other.returncode, json.loads(printed)) == (0, EXPECTED)
        assert server.counts() == dict.fromkeys(QUESTIONS, 1)
