"""Hard limits under concurrency, money, the sliding minute, and the settings they come from."""

import asyncio
import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import UsageError
from components.teacher.budget import Amount, Budget, BudgetError
from components.teacher.cache import AnswerCache
from components.teacher.chat import ChatRequest, ask
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint, check_url, from_mapping
from components.teacher.limiter import Limiter, Pass
from components.teacher.settings import make_client
from components.teacher.transport import retry_after
from tests.support.openai_server import Say, Server, serving, user_text

WHERE = {"url": "http://127.0.0.1:1/v1", "model": "m", "revision": "1"}
PRICES = {"usd_per_million_input": 1.0, "usd_per_million_output": 2.0}


def endpoint(url: str = WHERE["url"], **settings: Any) -> Endpoint:
    return Endpoint(url, "m", "1", 1.0, 2.0, **settings)


def client(server: Server, folder: Path, budget: Budget, **settings: Any) -> Client:
    return Client(endpoint(server.url, **settings), AnswerCache(folder), budget, stream=io.StringIO())


def words(count: int) -> list[ChatRequest]:
    return [ask("", f"question {n:03d}", max_tokens=100) for n in range(count)]


def kept(folder: Path) -> int:
    return len(list(folder.rglob("*.json")))


@pytest.mark.parametrize("limit", ["calls", "tokens", "usd"])
def test_the_budget_is_never_passed_however_many_are_in_flight(tmp_path: Path, limit: str) -> None:
    sent, answered = endpoint().bound(words(1)[0])
    most = {"calls": 1, "tokens": sent + answered, "usd": (sent + 2 * answered) / 1e6}[limit]
    # Every answer is charged all that may be charged: what is set aside must be enough, and no more is asked.
    with serving(lambda body, before: Say("yes", wait_s=0.05, usage=(sent, answered))) as server:
        budget = Budget(**{limit: most * 7})
        with pytest.raises(BudgetError, match="no room for the next request") as error:
            client(server, tmp_path, budget, concurrency=16).ask_many(words(40))
        assert error.value.exit_code == 1
        assert server.calls == kept(tmp_path) == budget.spent.calls == 7
        assert budget.held == Amount()
        more = Budget(**{limit: most * 33})
        assert len(client(server, tmp_path, more, concurrency=16).ask_many(words(40))) == 40
        assert server.calls == 40


def test_cheap_answers_make_room_for_more(tmp_path: Path) -> None:
    request = words(1)[0]
    most = sum(endpoint().bound(request))
    with serving(lambda body, before: Say("yes", usage=(10, 10))) as server:
        budget = Budget(tokens=3 * most)
        client(server, tmp_path, budget, concurrency=8).ask_many(words(20))
        assert (server.calls, budget.spent.tokens) == (20, 400)
        assert server.most_in_flight <= 3


def test_what_nobody_confirmed_counts_as_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.teacher.asking.FIRST_WAIT_S", 0.01)
    say = {"question 000": Say("yes", wait_s=3), "question 001": Say("no", status=500)}
    with serving(lambda body, before: say.get(user_text(body), Say("yes", usage=None))) as server:
        budget = Budget(usd=1.0)
        client(server, tmp_path, budget, timeout_s=0.5, attempts=2).ask_many(words(1))
        client(server, tmp_path, budget, attempts=2).ask_many(words(3)[1:])
    most = sum(endpoint().bound(words(1)[0]))
    assert budget.spent.calls == 5
    assert budget.spent.tokens == budget.presumed.tokens == 3 * most  # two timeouts, one answer without usage


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_server_that_charges_more_than_it_can_is_noticed(tmp_path: Path, concurrency: int) -> None:
    together = threading.Barrier(concurrency)

    def script(body: dict[str, Any], before: int) -> Say:
        together.wait(60)
        return Say("yes", usage=(10**6, 10**6))

    with serving(script) as server:
        budget = Budget(tokens=10**5)
        with pytest.raises(
            BudgetError, match=f"{concurrency} answers cost more .* set the endpoint's image_tok"
        ):
            client(server, tmp_path, budget, concurrency=concurrency).ask_many(words(12))
        # Past the limit by those that were in flight together, and by none after them.
        assert (server.calls, budget.overruns) == (concurrency, concurrency)
        assert budget.spent.tokens == concurrency * 2 * 10**6
    assert f"{concurrency} answers cost more" in budget.note()


def test_dry_run_counts_what_is_left_and_calls_nobody(tmp_path: Path) -> None:
    with serving(lambda body, before: Say("yes")) as server:
        asked = client(server, tmp_path, Budget())
        asked.ask_many(words(4))
        found = asked.estimate([*words(10), *words(5)])
        assert server.calls == 4
    assert (found.requests, found.cached, found.repeated, found.about.calls) == (15, 8, 1, 6)
    sent, answered = endpoint().bound(words(1)[0])
    assert found.at_most == Amount(6, 6 * (sent + answered), 6 * (sent + 2 * answered) * 10**6)
    assert found.about.tokens < found.at_most.tokens


def test_progress_says_money_left_and_the_first_line_comes_before_the_first_call(tmp_path: Path) -> None:
    with serving(lambda body, before: Say("yes")) as server:
        asked = client(server, tmp_path, Budget(usd=2.0))
        asked.stream = stream = io.StringIO()
        asked.ask_many(words(3), label="judge")
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("judge: 3 requests, 0 answered before, 0 repeated: about 3 calls")
    assert lines[-1].startswith(
        "judge 3/3 (100 %), 0:00 left, 3 calls, 45 tokens, 0.0001 USD, 1.9999 USD left"
    )


def test_the_window_slides() -> None:
    async def passes(limiter: Limiter, tokens: list[int]) -> list[float]:
        async def one(count: int) -> float:
            await limiter.acquire(count)
            return time.monotonic()

        return sorted(await asyncio.gather(*map(one, tokens)))

    times = asyncio.run(passes(Limiter(3, None, window_s=0.3), [0] * 8))
    assert all(later - earlier >= 0.3 for earlier, later in zip(times, times[3:], strict=False))
    times = asyncio.run(passes(Limiter(None, 100, window_s=0.3), [60, 60, 40, 60]))
    assert times[1] - times[0] >= 0.3
    assert times[3] - times[1] >= 0.3
    with pytest.raises(UsageError, match="tokens_per_minute is only 100"):
        asyncio.run(passes(Limiter(None, 100), [101]))


def test_an_answer_that_took_less_makes_room_at_once(tmp_path: Path) -> None:
    # Set aside: about 250 tokens a request, so that two fit into a minute; charged: 15 each.
    with serving(lambda body, before: Say("yes")) as server:
        most = sum(endpoint().bound(words(1)[0]))
        asked = client(server, tmp_path, Budget(), tokens_per_minute=2 * most + 90, timeout_s=20)
        found = asyncio.run(asyncio.wait_for(_collected(asked, words(8)), 30))
    assert found == server.calls == 8


async def _collected(asked: Client, requests: list[ChatRequest]) -> int:
    return len([index async for index, _ in asked.answers(requests)])


def test_requests_per_minute_hold_for_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []

    class Short(Limiter):
        def __init__(self, requests: int | None, tokens: int | None):
            super().__init__(requests, tokens, window_s=0.3)

        async def acquire(self, tokens: int) -> Pass:
            entry = await super().acquire(tokens)
            times.append(entry.at)
            return entry

    monkeypatch.setattr("components.teacher.asking.Limiter", Short)
    with serving(lambda body, before: Say("yes")) as server:
        client(server, tmp_path, Budget(), requests_per_minute=4).ask_many(words(9))
    assert len(times) == 9
    assert all(later - earlier >= 0.3 for earlier, later in zip(times, times[4:], strict=False))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.com/v1", "unencrypted"),
        ("http://127.0.0.1.example.com/v1", "unencrypted"),
        ("https://user:secret@example.com/v1", "holds a user or password"),
        ("ftp://127.0.0.1/v1", "must read http"),
        ("https:///v1", "must read http"),
        ("https://example.com/v1?key=secret", "must read http"),
        ("https://example.com:notaport/v1", "cannot be read"),
    ],
)
def test_addresses_that_are_refused(url: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as error:
        check_url(url, allow_http=False)
    assert "secret" not in str(error.value)


def test_addresses_that_are_taken() -> None:
    for url in (
        "https://example.com/v1",
        "http://localhost:8000/v1",
        "http://127.0.0.1/v1",
        "http://[::1]:1/v1",
    ):
        check_url(url, allow_http=False)
    check_url("http://vllm.internal:8000/v1", allow_http=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"concurency": 3}, r"unknown keys \['concurency'\]"),
        ({"model": ""}, "model is ''"),
        ({"revision": 1}, "revision is 1"),
        ({"concurrency": 0}, "concurrency is 0, expected a whole number from 1"),
        ({"concurrency": True}, "concurrency is True"),
        ({"usd_per_million_input": -1}, "usd_per_million_input is -1"),
        ({"timeout_s": float("inf")}, "timeout_s is inf"),
        ({"requests_per_minute": 1.5}, "requests_per_minute is 1.5, expected a whole number"),
        ({"tokens_per_minute": None, "url": "http://x.example/"}, "unencrypted"),
    ],
)
def test_settings_that_are_refused_by_name(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=f"params.yaml endpoints.x: .*{says}"):
        from_mapping({**WHERE, **PRICES, **change}, "params.yaml endpoints.x")


def test_endpoints_by_name_and_by_file(tmp_path: Path) -> None:
    section = {**WHERE, **PRICES, "budget": {"calls": 1, "tokens": None, "usd": 0.5}}
    (tmp_path / "params.yaml").write_text(json.dumps({"endpoints": {"judge": section}}))
    found = make_client("judge", tmp_path / "answers", root=tmp_path)
    assert (found.endpoint.model, found.budget.limits()) == ("m", "1 calls, 0.5 USD")
    with pytest.raises(UsageError, match="no endpoint 'jugde'; it has judge"):
        make_client("jugde", tmp_path, root=tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps(section))
    assert make_client(str(path), tmp_path).endpoint == found.endpoint
    path.write_text(json.dumps({**section, "budget": {"calls": 1}}))
    with pytest.raises(UsageError, match="budget needs the keys calls, tokens and usd"):
        make_client(str(path), tmp_path)
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read"):
        make_client(str(tmp_path / "none.yaml"), tmp_path)
    with pytest.raises(UsageError, match="budget: tokens is -1"):
        Budget(tokens=-1)


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert retry_after("2") == 2.0
    assert retry_after("-5") == 0.0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert (retry_after("Wed, 21 Oct 2099 07:28:00 GMT") or 0.0) > 10**9
    assert [retry_after(value) for value in (None, "soon", "nan", "Wed, 99 Oct")] == [None] * 4
    assert retry_after("inf") == float("inf")  # longer than any patience


def test_a_date_without_a_zone_is_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-5")
    time.tzset()
    try:
        in_an_hour = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(time.time() + 3600))
        assert 3500 < (retry_after(in_an_hour) or 0.0) < 3601
    finally:
        monkeypatch.undo()
        time.tzset()
