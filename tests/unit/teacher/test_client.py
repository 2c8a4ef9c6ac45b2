"""The client against a real server that answers as scripted."""

import asyncio
import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import UsageError
from components.core.files import read_json
from components.teacher.asking import TRANSIENT
from components.teacher.base import Refusal
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import SCHEMA_AS, ChatRequest, Image, Reply, ask
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint, EndpointError
from tests.support.openai_server import Say, Server, serving, user_text

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
PNG = b"\x89PNG\r\n\x1a\n and the rest"
JPEG = b"\xff\xd8\xff and the rest"


def right(body: dict[str, Any], before: int) -> Say:
    return Say(json.dumps({"n": int(user_text(body))}))


def numbers(count: int, **options: Any) -> list[ChatRequest]:
    return [ask("say the number", str(n), schema=SCHEMA, **options) for n in range(count)]


def client(server: Server, folder: Path, **settings: Any) -> Client:
    endpoint = Endpoint(server.url, "m", "1", 1.0, 2.0, **{"timeout_s": 60.0, **settings})
    return Client(endpoint, AnswerCache(folder), Budget(usd=5.0), stream=io.StringIO())


def reasons(outcomes: list[Reply | Refusal]) -> list[str]:
    return [outcome.reason if isinstance(outcome, Refusal) else "ok" for outcome in outcomes]


@pytest.fixture(autouse=True)
def quick_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.teacher.asking.FIRST_WAIT_S", 0.01)


def test_order_of_the_requests_whatever_arrives_first(tmp_path: Path) -> None:
    def script(body: dict[str, Any], before: int) -> Say:
        n = int(user_text(body))
        return Say(json.dumps({"n": n}), wait_s=0.1 if n % 3 == 0 else 0.0)

    with serving(script) as server:
        asked = client(server, tmp_path)
        first = asked.ask_many(numbers(20))
        assert [outcome.data["n"] for outcome in first if isinstance(outcome, Reply)] == list(range(20))
        assert 1 < server.most_in_flight <= 8
        again = client(server, tmp_path)
        assert again.ask_many(numbers(20)) == first
        assert (server.calls, again.attempts) == (20, 0)
        assert again.budget.spent.calls == 0


def test_what_goes_over_the_wire(tmp_path: Path) -> None:
    request = ask("look", "before", Image(PNG), Image(JPEG), schema=SCHEMA, seed=7, max_tokens=9)
    with serving(lambda body, before: Say('{"n": 1}')) as server:
        client(server, tmp_path, length_key="max_completion_tokens").ask_many([request])
        body = server.bodies[0]
    assert (body["model"], body["seed"], body["temperature"]) == ("m", 7, 0.0)
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body
    assert body["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": SCHEMA}
    urls = [
        part["image_url"]["url"] for part in body["messages"][1]["content"] if part["type"] == "image_url"
    ]
    assert [url[:22] for url in urls] == ["data:image/png;base64,", "data:image/jpeg;base64"]


@pytest.mark.parametrize(
    ("schema_as", "form"),
    [("json_object", {"type": "json_object"}), ("text", None), ("json_schema", "whole")],
)
def test_a_server_that_takes_no_schema_is_told_it_in_words(
    schema_as: str, form: dict[str, str] | str | None, tmp_path: Path
) -> None:
    def obeys(body: dict[str, Any], before: int) -> Say:
        told = '"required": ["n"]' in body["messages"][0]["content"]
        held = body.get("response_format", {}).get("type") == "json_schema"
        return Say('{"n": 1}' if told or held else "One, I would say.")

    with serving(obeys) as server:
        asked = client(server, tmp_path, schema_as=schema_as)
        planned = asked.estimate(numbers(1)).at_most
        assert reasons(asked.ask_many(numbers(1))) == ["ok"]
        assert reasons(asked.ask_many([ask("say", "two", schema=None)])) == ["ok"]
        whole = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
        assert server.bodies[0].get("response_format") == (whole if form == "whole" else form)
        assert "response_format" not in server.bodies[1]
        assert server.bodies[1]["messages"][0]["content"] == "say"
        assert planned.tokens >= len(json.dumps(server.bodies[0]["messages"]))
        assert asked.estimate(numbers(1)).cached == 1
        # Otherwise asked is another question: what the one server said is not taken for the other's answer.
        others = [other for other in SCHEMA_AS if other != schema_as]
        for other in others:
            assert client(server, tmp_path, schema_as=other).estimate(numbers(1)).cached == 0


@pytest.mark.parametrize(
    "body", ['{"detail": "no such model"}', '{"message": "no such model"}', '{"error": "no such model"}']
)
def test_errors_in_the_words_of_other_servers(body: str, tmp_path: Path) -> None:
    with serving(lambda asked, before: Say(status=400, body=body.encode())) as server:
        with pytest.raises(EndpointError, match=r"HTTP 400: no such model$"):
            client(server, tmp_path).ask_many(numbers(1))
        assert server.calls == 1


FAULTS = {
    "not_json": Say('{"n": 1'),
    "prose_around_json": Say('Sure! Here it is: {"n": 1} Anything else?'),
    "schema": Say('{"n": "one"}'),
    "truncated": Say('{"n": 1', finish_reason="length"),
    "empty": Say("  "),
    "refused": Say(None, refusal="I would rather not"),
    "not_text": Say('{"n": 1, "\\ud800": 2}'),
}


def test_every_unusable_answer_is_a_refusal_by_name_and_paid_once(tmp_path: Path) -> None:
    names = list(FAULTS)
    with serving(lambda body, before: FAULTS[user_text(body)]) as server:
        for _ in range(2):
            outcomes = client(server, tmp_path).ask_many([ask("", name, schema=SCHEMA) for name in names])
            assert reasons(outcomes) == names
        assert server.calls == len(names)
    assert not TRANSIENT & set(names)


@pytest.mark.parametrize(
    "text",
    [
        '{"n": NaN}',
        '{"n": 1, "n": 2}',
        "[" * 100_000,
        '{"n": ' + "9" * 5000 + "}",
        '{"n": ' + "9" * 400 + "}",
        '{"n": -1e999}',
    ],
)
def test_json_that_is_none(tmp_path: Path, text: str) -> None:
    with serving(lambda body, before: Say(text)) as server:
        assert reasons(client(server, tmp_path).ask_many([ask("", "1", schema=SCHEMA)])) == ["not_json"]


def test_a_fence_that_is_the_whole_answer_is_taken_off(tmp_path: Path) -> None:
    with serving(lambda body, before: Say('```json\n{"n": 4}\n```')) as server:
        [outcome] = client(server, tmp_path).ask_many([ask("", "1", schema=SCHEMA)])
    assert isinstance(outcome, Reply)
    assert outcome.data == {"n": 4}


def test_retries_are_for_the_servers_faults_only(tmp_path: Path) -> None:
    first = {
        "0": Say("busy", status=429),
        "1": Say("oops", status=500),
        "2": Say("gone", status=503, headers={"Retry-After": "0"}),
        "3": Say(cut=True),
        "4": Say("you are too slow", status=408),
    }

    def script(body: dict[str, Any], before: int) -> Say:
        return first.get(user_text(body), right(body, 0)) if before == 0 else right(body, before)

    with serving(script) as server:
        asked = client(server, tmp_path)
        assert reasons(asked.ask_many(numbers(6))) == ["ok"] * 6
        assert server.counts() == {"0": 2, "1": 2, "2": 2, "3": 2, "4": 2, "5": 1}
        assert asked.retried == {"rate_limited": 1, "server_error": 2, "connection": 1, "timeout": 1}
        record = read_json(
            next(path for path in tmp_path.rglob("*.json") if '"attempt": 2' in path.read_text())
        )
    assert record["provenance"]["model"] == "m-2026-01"
    assert record["provenance"]["usage"] == [10, 5]


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (Say("oops", status=500), "server_error"),
        (Say("busy", status=429), "rate_limited"),
        (Say(cut=True), "connection"),
        (Say(body=b"<html>login</html>"), "not_a_completion"),
        (Say(body=b'{"choices": []}'), "not_a_completion"),
    ],
)
def test_a_fault_that_stays_is_asked_again_next_time(tmp_path: Path, say: Say, reason: str) -> None:
    def script(body: dict[str, Any], before: int) -> Say:
        return say if user_text(body) == "0" else right(body, before)

    with serving(script) as server:
        asked = client(server, tmp_path, attempts=2, concurrency=1)
        assert reasons(asked.ask_many(list(reversed(numbers(2))))) == ["ok", reason]
        server.script = right
        assert reasons(client(server, tmp_path).ask_many(numbers(2))) == ["ok", "ok"]
    assert reason in TRANSIENT


def test_timeouts_are_tried_again_and_in_the_end_a_refusal(tmp_path: Path) -> None:
    late = threading.Event()

    def script(body: dict[str, Any], before: int) -> Say:
        if not late.is_set():
            late.wait(60)
        return right(body, before)

    with serving(script) as server:
        asked = client(server, tmp_path, attempts=2, timeout_s=0.5)
        assert reasons(asked.ask_many(numbers(1))) == ["timeout"]
        assert asked.retried == {"timeout": 1}
        late.set()
        assert reasons(client(server, tmp_path).ask_many(numbers(1))) == ["ok"]
    assert "timeout" in TRANSIENT


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_by_all_and_an_unreasonable_one_ends_the_request(
    tmp_path: Path, status: int
) -> None:
    def script(body: dict[str, Any], before: int) -> Say:
        if before == 0 and user_text(body) == "0":
            return Say("slow down", status=status, headers={"Retry-After": "1"})
        return right(body, before) if before else Say('{"n": 1}', wait_s=0.5)

    with serving(script) as server:
        client(server, tmp_path, concurrency=2).ask_many(numbers(3))  # the third waits for the first
        assert [user_text(body) for body in server.bodies[:2]] in (["0", "1"], ["1", "0"])
        asked_too_much = min(server.arrived_at[:2])
        assert min(server.arrived_at[2:]) - asked_too_much >= 1.0
        server.script = lambda body, before: Say("later", status=status, headers={"Retry-After": "86400"})
        asked = client(server, tmp_path / "other", longest_wait_s=5)
        [outcome] = asked.ask_many(numbers(1))
    assert isinstance(outcome, Refusal)
    assert outcome.reason == {429: "rate_limited", 503: "server_error"}[status]
    assert "86400" in outcome.detail


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_other_refusals_of_the_server_end_the_run_with_its_words(tmp_path: Path, status: int) -> None:
    with serving(lambda body, before: Say("no such model here", status=status)) as server:
        with pytest.raises(EndpointError, match=f"HTTP {status}: no such model here") as error:
            client(server, tmp_path, concurrency=1).ask_many(numbers(5))
        assert (server.calls, error.value.exit_code) == (1, 3)


def test_answers_in_flight_are_kept_when_another_request_ends_the_run(tmp_path: Path) -> None:
    def script(body: dict[str, Any], before: int) -> Say:
        return Say("no", status=403) if user_text(body) == "0" else Say('{"n": 1}', wait_s=0.4)

    with serving(script) as server:
        with pytest.raises(EndpointError, match="403"):
            client(server, tmp_path, concurrency=3).ask_many(numbers(9))
        assert server.calls == 3
        server.script = right
        assert reasons(client(server, tmp_path).ask_many(numbers(3))) == ["ok"] * 3
        assert server.counts() == {"0": 2, "1": 1, "2": 1}


def test_redirects_and_floods_end_the_run(tmp_path: Path) -> None:
    elsewhere = Say("moved", status=307, headers={"Location": "https://example.invalid/v1"})
    with serving(lambda body, before: elsewhere) as server, pytest.raises(EndpointError, match="redirects"):
        client(server, tmp_path).ask_many(numbers(1))
    with (
        serving(lambda body, before: Say("x" * 5000)) as server,
        pytest.raises(EndpointError, match="max_answer"),
    ):
        client(server, tmp_path, max_answer_bytes=2000).ask_many(numbers(1))


def test_nobody_there_ends_the_run(tmp_path: Path) -> None:
    with serving(right) as server:
        pass
    with pytest.raises(EndpointError, match="nobody answers"):
        client(server, tmp_path, attempts=2).ask_many(numbers(3))


def test_the_same_question_in_one_run_is_asked_once(tmp_path: Path) -> None:
    with serving(lambda body, before: Say('{"n": 1}', wait_s=0.1)) as server:
        outcomes = client(server, tmp_path).ask_many([numbers(1)[0]] * 6)
        assert (reasons(outcomes), server.calls) == (["ok"] * 6, 1)


def test_the_key_comes_from_the_environment_and_goes_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLANTED_KEY", "sk-planted-secret")
    with serving(lambda body, before: Say('{"n": 1, "echo": "sk-planted-secret"}')) as server:
        asked = client(server, tmp_path, key_variable="PLANTED_KEY")
        asked.stream = stream = io.StringIO()
        [outcome] = asked.ask_many([ask("", "1")])
        assert server.headers[0]["Authorization"] == "Bearer sk-planted-secret"
        server.script = lambda body, before: Say("bad key sk-planted-secret", status=401)
        with pytest.raises(EndpointError) as error:
            asked.ask_many(numbers(1))
    written = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    printed = stream.getvalue() + "".join(capsys.readouterr())
    assert "[API key]" in written
    assert "sk-planted-secret" not in written + printed + str(error.value) + repr(outcome) + repr(
        asked.endpoint
    )


def test_a_missing_key_is_wrong_use_unless_all_is_answered_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_KEY", "sk-planted-secret")
    with serving(right) as server:
        client(server, tmp_path, key_variable="PLANTED_KEY").ask_many(numbers(2))
        monkeypatch.delenv("PLANTED_KEY")
        assert (
            reasons(client(server, tmp_path, key_variable="PLANTED_KEY").ask_many(numbers(2))) == ["ok"] * 2
        )
        with pytest.raises(UsageError, match="PLANTED_KEY holds no API key"):
            client(server, tmp_path, key_variable="PLANTED_KEY").ask_many(numbers(3))
        assert server.calls == 2


def test_what_cannot_be_a_key_is_refused_unsaid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("sk-pl\u00e4nted", "planted\r\nHost: elsewhere", "planted key", "planted"):
        monkeypatch.setenv("PLANTED_KEY", key)
        with serving(right) as server:
            with pytest.raises(UsageError, match="cannot be an API key") as error:
                client(server, tmp_path, key_variable="PLANTED_KEY").ask_many(numbers(1))
            assert (server.calls, "planted" in str(error.value)) == (0, False)


def test_the_environments_proxy_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(right) as server:
        assert reasons(client(server, tmp_path).ask_many(numbers(1))) == ["ok"]


def test_requests_are_taken_as_they_are_sent(tmp_path: Path) -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield ask("", str(taken))

    async def some(asked: Client) -> int:
        got = 0
        stop = asyncio.Event()
        async for _ in asked.answers(endless(), stop=stop):
            got += 1
            if got == 5:
                stop.set()
        return got

    with serving(lambda body, before: Say("yes", wait_s=0.01)) as server:
        got = asyncio.run(some(client(server, tmp_path, concurrency=2)))
        assert got == server.calls <= 7
    assert taken <= 9


def test_a_thread_may_ask(tmp_path: Path) -> None:
    with serving(right) as server:
        asked = client(server, tmp_path)
        found: list[Reply | Refusal] = []
        thread = threading.Thread(target=lambda: found.extend(asked.ask_many(numbers(2))))
        thread.start()
        thread.join()
    assert reasons(found) == ["ok", "ok"]
