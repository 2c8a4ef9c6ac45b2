"""Machines that share kept answers: what one has paid for, another asks nobody again, whatever goes wrong."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.core.share import open_share
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ask, key_of
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint
from tests.support.openai_server import Say, serving, user_text
from tests.support.s3_server import S3Server, s3_server

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = [f"question {n}" for n in range(8)]
EXPECTED = [f"answer to {question}" for question in QUESTIONS]
CHILD = "import sys; from tests.fault.test_shared_answers import main; main(*sys.argv[1:])"


def answer(body: dict[str, Any], before: int) -> Say:
    return Say(f"answer to {user_text(body)}")


def machine(url: str, folder: Path, share: str, budget: Budget | None = None) -> Client:
    """A client with a folder of its own, as on a machine of its own."""
    endpoint = Endpoint(url, "m", "1", 1.0, 1.0, concurrency=4)
    cache = AnswerCache(folder, open_share(share))
    return Client(endpoint, cache, budget or Budget(usd=1.0), stream=io.StringIO())


def answers(client: Client) -> list[Any]:
    outcomes = client.ask_many([ask("", question) for question in QUESTIONS])
    return [getattr(outcome, "data", None) for outcome in outcomes]


def main(url: str, folder: str, share: str) -> None:
    """What a child process runs."""
    print(json.dumps(answers(machine(url, Path(folder), share))))


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("??/*.json"))}


def key(client: Client, question: str) -> str:
    return key_of(ask("", question).known_by(client.endpoint.model, client.endpoint.revision))


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    with s3_server() as server:
        server.client().create_bucket(Bucket="shared")
        yield server


@pytest.fixture(params=["folder", "s3"])
def share(
    request: pytest.FixtureRequest, bucket: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """An empty share of each kind."""
    if request.param == "folder":
        (tmp_path / "share").mkdir()
        return str(tmp_path / "share")
    for name, value in bucket.env.items():
        monkeypatch.setenv(name, value)
    return f"s3://shared/{tmp_path.name}"


def test_the_second_machine_asks_nothing_and_counts_the_answers_as_kept(share: str, tmp_path: Path) -> None:
    with serving(answer) as server:
        assert answers(machine(server.url, tmp_path / "one", share)) == EXPECTED
        assert server.counts() == dict.fromkeys(QUESTIONS, 1)
        other = machine(server.url, tmp_path / "two", share, Budget(calls=1))
        estimate = other.estimate([ask("", question) for question in [*QUESTIONS, "new", "new"]])
        assert (estimate.cached, estimate.repeated, estimate.about.calls) == (8, 1, 1)
        assert answers(other) == EXPECTED
        assert (server.calls, other.budget.spent.calls) == (8, 0)
        assert kept(tmp_path / "one") == kept(tmp_path / "two")
        assert len(kept(tmp_path / "one")) == 8
    assert answers(machine(server.url, tmp_path / "three", share)) == EXPECTED  # nobody is there to ask


def test_a_damaged_or_foreign_object_is_refused_by_name_and_replaced(
    share: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(answer) as server:
        first = machine(server.url, tmp_path / "one", share)
        assert answers(first) == EXPECTED
        names = [f"answers/{one[:2]}/{one}.json" for one in (key(first, text) for text in QUESTIONS)]
        place = open_share(share)
        whole = [place.get(name) or b"" for name in names]
        place.put(names[0], whole[0][:50])
        place.put(names[1], whole[2])  # another question's
        place.put(names[2], b"\xff" * (64 * 2**20 + 1))
        shutil.rmtree(tmp_path / "one")
        again = machine(server.url, tmp_path / "one", share)
        assert answers(again) == EXPECTED
        assert server.counts() == {text: 1 + (text in QUESTIONS[:3]) for text in QUESTIONS}
        refused = [f"{share}/{name}" for name in names[:3]]
        assert sorted(again.cache.refused) == sorted(refused)
        said = capsys.readouterr().err
        assert all(f"{name}: this kept answer is refused and replaced" in said for name in refused)
        assert "more than 67108864 bytes" in said
        assert [json.loads(place.get(name) or b"")["raw"] for name in names] == [
            json.loads(data)["raw"] for data in whole
        ]
        # A good answer here mends what is damaged there; nobody is asked.
        place.put(names[3], b"{}")
        assert answers(machine(server.url, tmp_path / "one", share)) == EXPECTED
        assert (place.get(names[3]), server.calls) == (whole[3], 11)


def test_answers_from_before_there_was_a_share_are_handed_on(share: str, tmp_path: Path) -> None:
    with serving(answer) as server:
        alone = Client(machine(server.url, tmp_path, share).endpoint, AnswerCache(tmp_path / "one"), Budget())
        assert answers(alone) == EXPECTED
        dry = machine(server.url, tmp_path / "one", share)
        assert dry.estimate([ask("", text) for text in QUESTIONS]).cached == 8
        names = [f"answers/{one[:2]}/{one}.json" for one in (key(alone, text) for text in QUESTIONS)]
        assert [open_share(share).get(name) for name in names] == [None] * 8  # an estimate shares nothing
        assert answers(machine(server.url, tmp_path / "one", share)) == EXPECTED
        assert answers(machine(server.url, tmp_path / "two", share)) == EXPECTED
        assert server.calls == 8


def test_of_two_machines_that_asked_at_once_one_answer_counts_for_all(
    share: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = iter(range(100))
    with serving(lambda body, before: Say(f"answer {next(said)}")) as server:
        alone = [
            Client(machine(server.url, tmp_path, share).endpoint, AnswerCache(tmp_path / name), Budget())
            for name in ("one", "two")
        ]
        first, second = (answers(client) for client in alone)
        assert not set(first) & set(second)
        assert answers(machine(server.url, tmp_path / "one", share)) == first
        late = machine(server.url, tmp_path / "two", share)
        assert answers(late) == first
        assert sorted(late.cache.seconds) == sorted(key(late, text) for text in QUESTIONS)
        assert capsys.readouterr().err.count("another machine asked the same: its answer counts") == 8
        ours = [json.loads(path.read_text())["raw"] for path in (tmp_path / "two").glob("??/*.second")]
        assert sorted(json.loads(raw)["choices"][0]["message"]["content"] for raw in ours) == sorted(second)
        assert answers(machine(server.url, tmp_path / "two", share)) == first
        assert server.calls == 16
