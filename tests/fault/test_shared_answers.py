"""Machines that share kept answers: what one has paid for, no other asks again, whatever goes wrong."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import StoreError
from components.core.process import start_group
from components.core.share import Share, open_share
from components.core.share_folder import FolderShare
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ask, key_of
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint
from tests.support.openai_server import Say, Server, serving, user_text
from tests.support.processes import wait_until
from tests.support.s3_proxy import PASS, Deed, Proxy, s3_proxy
from tests.support.s3_server import S3Server, s3_server

ROOT = Path(__file__).resolve().parents[2]
IN_FLIGHT = 2
QUESTIONS = [f"question {n}" for n in range(5)]
EXPECTED = [f"answer to {question}" for question in QUESTIONS]
CHILD = "import sys; from tests.fault.test_shared_answers import main; main(*sys.argv[1:])"


def answer(body: dict[str, Any], before: int) -> Say:
    return Say(f"answer to {user_text(body)}", wait_s=0.05)


def machine(url: str, folder: Path, share: Share | None, budget: Budget | None = None) -> Client:
    """A client with a folder of its own, as on a machine of its own."""
    endpoint = Endpoint(url, "m", "1", 1.0, 1.0, concurrency=IN_FLIGHT)
    return Client(endpoint, AnswerCache(folder, share), budget or Budget(usd=1.0), stream=io.StringIO())


def answers(client: Client) -> list[Any]:
    outcomes = client.ask_many([ask("", question) for question in QUESTIONS])
    return [getattr(outcome, "data", None) for outcome in outcomes]


def main(url: str, folder: str, share: str) -> None:
    """What a child process runs."""
    print(json.dumps(answers(machine(url, Path(folder), open_share(share)))))


def child(server: Server, folder: Path, share: str) -> "subprocess.Popen[str]":
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CHILD, server.url, str(folder), share]
    return start_group(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("??/*.json"))}


def names(client: Client) -> list[str]:
    """Where the share has the answers to all questions."""
    known = (ask("", text).known_by(client.endpoint.model, client.endpoint.revision) for text in QUESTIONS)
    return [f"answers/{key[:2]}/{key}.json" for key in map(key_of, known)]


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    with s3_server() as server:
        server.client().create_bucket(Bucket="shared")
        yield server


@pytest.fixture
def proxy(bucket: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The way to the bucket for this process and its children; two attempts a request."""
    with s3_proxy(bucket.url) as running:
        env = {**bucket.env, "AWS_ENDPOINT_URL": running.url, "AWS_MAX_ATTEMPTS": "2"}
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture(params=["folder", "s3"])
def share(request: pytest.FixtureRequest, tmp_path: Path) -> Share:
    """An empty share of each kind."""
    if request.param == "folder":
        (tmp_path / "share").mkdir()
        return open_share(str(tmp_path / "share"))
    request.getfixturevalue("proxy")
    return open_share(f"s3://shared/{tmp_path.name}")


def test_the_second_machine_asks_nothing_and_counts_the_answers_as_kept(share: Share, tmp_path: Path) -> None:
    with serving(answer) as server:
        assert answers(machine(server.url, tmp_path / "one", share)) == EXPECTED
        assert server.counts() == dict.fromkeys(QUESTIONS, 1)
        other = machine(server.url, tmp_path / "two", share, Budget(calls=1))
        estimate = other.estimate([ask("", question) for question in [*QUESTIONS, "new", "new"]])
        assert (estimate.cached, estimate.repeated, estimate.about.calls) == (5, 1, 1)
        assert answers(other) == EXPECTED
        assert (server.calls, other.budget.spent.calls) == (5, 0)
        assert kept(tmp_path / "one") == kept(tmp_path / "two")
    assert answers(machine(server.url, tmp_path / "three", share)) == EXPECTED  # nobody is there to ask
    assert [share.get(name) for name in names(other)] == [
        kept(tmp_path / "one")[Path(name).name] for name in names(other)
    ]


def test_a_damaged_or_foreign_object_is_refused_by_name_and_replaced(
    share: Share, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(answer) as server:
        first = machine(server.url, tmp_path / "one", share)
        assert answers(first) == EXPECTED
        there = names(first)
        whole = [share.get(name) or b"" for name in there]
        share.put(there[0], whole[0][:50])
        share.put(there[1], whole[2])  # another question's
        share.put(there[2], b"\xff\xfe")
        if isinstance(share, FolderShare):
            os.truncate(share.root / there[2], 64 * 2**20 + 1)
        shutil.rmtree(tmp_path / "one")
        again = machine(server.url, tmp_path / "one", share)
        assert answers(again) == EXPECTED
        assert server.counts() == {text: 1 + (text in QUESTIONS[:3]) for text in QUESTIONS}
        refused = [f"{share.url}/{name}" for name in there[:3]]
        assert sorted(again.cache.refused) == sorted(refused)
        said = capsys.readouterr().err
        assert all(f"{name}: this kept answer is refused and replaced" in said for name in refused)
        assert "not the one its name stands for" in said
        assert ("more than 67108864 bytes" in said) == isinstance(share, FolderShare)
        assert [share.get(name) for name in there] == [
            kept(tmp_path / "one")[Path(name).name] for name in there
        ]
        # A good answer here mends what is damaged there; nobody is asked.
        share.put(there[3], b"{}")
        assert answers(machine(server.url, tmp_path / "one", share)) == EXPECTED
        assert (share.get(there[3]), server.calls) == (whole[3], 8)


def test_answers_from_before_there_was_a_share_are_handed_on(share: Share, tmp_path: Path) -> None:
    with serving(answer) as server:
        alone = machine(server.url, tmp_path / "one", None)
        assert answers(alone) == EXPECTED
        later = machine(server.url, tmp_path / "one", share)
        assert later.estimate([ask("", text) for text in QUESTIONS]).cached == 5
        assert [share.get(name) for name in names(alone)] == [None] * 5  # a dry run shares nothing
        assert answers(later) == EXPECTED
        assert answers(machine(server.url, tmp_path / "two", share)) == EXPECTED
        assert server.calls == 5


def test_of_two_machines_that_asked_at_once_one_answer_counts_for_all(
    share: Share, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = iter(range(100))
    with serving(lambda body, before: Say(f"answer {next(said)}")) as server:
        first, second = (answers(machine(server.url, tmp_path / name, None)) for name in ("one", "two"))
        assert not set(first) & set(second)
        assert answers(machine(server.url, tmp_path / "one", share)) == first
        late = machine(server.url, tmp_path / "two", share)
        assert answers(late) == first
        assert sorted(late.cache.seconds) == sorted(Path(name).stem for name in names(late))
        assert capsys.readouterr().err.count("another machine asked the same: its answer counts") == 5
        ours = [json.loads(path.read_text())["raw"] for path in (tmp_path / "two").glob("??/*.second")]
        assert sorted(json.loads(raw)["choices"][0]["message"]["content"] for raw in ours) == sorted(second)
        assert answers(machine(server.url, tmp_path / "two", share)) == first
        assert (kept(tmp_path / "one"), server.calls) == (kept(tmp_path / "two"), 10)


def test_a_kill_between_the_disk_and_the_share_loses_nothing(proxy: Proxy, tmp_path: Path) -> None:
    share = open_share(f"s3://shared/{tmp_path.name}")
    proxy.rule = lambda request: Deed(hold=True) if request.method == "PUT" else PASS
    with serving(answer) as server:
        killed = child(server, tmp_path / "one", share.url)
        try:
            wait_until(lambda: proxy.count(method="PUT") == IN_FLIGHT or killed.poll() is not None, 120)
            assert killed.poll() is None, killed.communicate()[1]
        finally:
            killed.kill()
            killed.communicate()
        assert (len(kept(tmp_path / "one")), server.calls) == (IN_FLIGHT, IN_FLIGHT)
        proxy.rule = lambda request: PASS
        assert [share.get(name) for name in names(machine(server.url, tmp_path, None))] == [None] * 5
        assert answers(machine(server.url, tmp_path / "one", share)) == EXPECTED
        assert answers(machine(server.url, tmp_path / "two", share)) == EXPECTED
        assert server.counts() == dict.fromkeys(QUESTIONS, 1)


def goes_down(share: Share, proxy: Proxy | None) -> Callable[[bool], None]:
    """Takes the share away (True) and gives it back."""
    if proxy is not None:
        slow = Deed(error=(503, "SlowDown"))

        def throttle(down: bool) -> None:
            proxy.rule = lambda request: slow if down else PASS

        return throttle
    assert isinstance(share, FolderShare)
    here, away = share.root, share.root.with_name("unmounted")
    return lambda down: (here.rename(away), None)[1] if down else (away.rename(here), None)[1]


def test_a_share_that_goes_down_stops_the_run_after_what_is_in_flight_is_kept(
    share: Share, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    is_folder = isinstance(share, FolderShare)
    move = goes_down(share, None if is_folder else request.getfixturevalue("proxy"))

    def script(body: dict[str, Any], before: int) -> Say:
        if user_text(body) == QUESTIONS[1]:
            move(True)
        return answer(body, before)

    with serving(script) as server:
        first = machine(server.url, tmp_path / "one", share)
        with pytest.raises(StoreError, match=r"cannot|no such folder") as caught:
            answers(first)
        assert caught.value.exit_code == 3
        paid = server.calls
        assert IN_FLIGHT <= paid < len(QUESTIONS)
        assert len(kept(tmp_path / "one")) == paid
        # Not "nothing is kept": nobody is asked.
        with pytest.raises(StoreError, match="no such folder" if is_folder else "asks to slow down"):
            answers(machine(server.url, tmp_path / "two", share))
        assert server.calls == paid
        move(False)
        server.script = answer
        assert answers(machine(server.url, tmp_path / "one", share)) == EXPECTED
        assert answers(machine(server.url, tmp_path / "two", share)) == EXPECTED
        assert server.counts() == dict.fromkeys(QUESTIONS, 1)


def test_two_processes_with_a_shared_folder_ask_each_question_once(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    with serving(answer) as server:
        other = child(server, tmp_path / "two", str(tmp_path / "share"))
        wait_until(lambda: server.calls > 0 or other.poll() is not None, 120)
        assert answers(machine(server.url, tmp_path / "one", open_share(str(tmp_path / "share")))) == EXPECTED
        printed, said = other.communicate(timeout=60)
        assert other.returncode == 0, said
        assert json.loads(printed) == EXPECTED
        assert server.counts() == dict.fromkeys(QUESTIONS, 1)
