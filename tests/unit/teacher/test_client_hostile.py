"""The client against bodies no server should send: squeezed, endless, broken, in other spellings."""

import contextlib
import gzip
import io
import json
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.core.files import read_json
from components.teacher.base import Refusal
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import Reply, ask
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint, EndpointError
from tests.support.openai_server import Say, serving

MIB = 2**20


def client(url: str, folder: Path, **settings: Any) -> Client:
    endpoint = Endpoint(url, "m", "1", 1.0, 2.0, **{"timeout_s": 60.0, "attempts": 1, **settings})
    return Client(endpoint, AnswerCache(folder), Budget(usd=5.0), stream=io.StringIO())


def said(say: Say, folder: Path, **settings: Any) -> Reply | Refusal:
    with serving(lambda body, before: say) as server:
        [outcome] = client(server.url, folder, **settings).ask_many([ask("", "1")])
    return outcome


def completion(**changes: Any) -> dict[str, Any]:
    """A completion that says `yes`, with other values in its choice, message or usage."""
    message = {"role": "assistant", "content": "yes", **changes.get("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": "stop", **changes.get("choice", {})}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, **changes.get("usage", {})}
    return {"model": "m", "choices": [choice], "usage": usage}


def whole(value: Any) -> Say:
    return Say(body=json.dumps(value).encode())


def squeezed(data: bytes, name: str) -> Say:
    return Say(body=data, headers={"Content-Encoding": name})


@contextlib.contextmanager
def raw_server(reply: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and hands over the connection; its base address."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = door.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.recv(1 << 16)
                        reply(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/v1"
        door.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zlib.compress, "deflate")])
def test_an_answer_squeezed_against_our_wish_is_read(
    tmp_path: Path, pack: Callable[[bytes], bytes], name: str
) -> None:
    data = pack(json.dumps(completion()).encode())
    outcome = said(squeezed(data, name), tmp_path)
    assert isinstance(outcome, Reply)
    assert outcome.data == "yes"
    with pytest.raises(EndpointError, match=r"nobody answers .*before it is unpacked"):
        said(squeezed(data[:-6], name), tmp_path / "cut")


def test_what_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(64 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(EndpointError, match="max_answer_bytes"):
            said(squeezed(bomb, "gzip"), tmp_path, max_answer_bytes=MIB)
        assert tracemalloc.get_traced_memory()[1] < len(bomb) + 16 * MIB
    finally:
        tracemalloc.stop()


def test_another_encoding_ends_the_run_unless_the_status_says_enough(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="encoded as 'br'"):
        said(squeezed(b"...", "br"), tmp_path)
    outcome = said(Say(status=503, body=b"...", headers={"Content-Encoding": "zstd"}), tmp_path)
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, "zstd" in outcome.detail) == ("server_error", True)


def test_a_body_without_end_ends_at_its_limit(tmp_path: Path) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b" " * 0x1000 + b"\r\n")

    with raw_server(flood) as url, pytest.raises(EndpointError, match="max_answer_bytes"):
        client(url, tmp_path, max_answer_bytes=MIB).ask_many([ask("", "1")])


@pytest.mark.parametrize(
    ("head", "drop", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", "timeout"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Late: 1\r\n", "timeout"),
    ],
)
def test_an_answer_drop_by_drop_ends_in_time(tmp_path: Path, head: bytes, drop: bytes, reason: str) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(drop)
            time.sleep(0.05)

    with raw_server(drip) as url:
        [outcome] = client(url, tmp_path, timeout_s=0.6).ask_many([ask("", "1")])
    assert isinstance(outcome, Refusal)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x00\xff\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "not http", "chunks cut", "no chunk", "too short", "a header without end"],
)
def test_an_answer_that_is_no_http_is_a_broken_connection(tmp_path: Path, sent: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(sent)) as url:
        other = client(url, tmp_path)
        with pytest.raises(EndpointError, match="nobody answers"):
            other.ask_many([ask("", "1")])
        assert other.attempts == 1
        assert other.budget.presumed.calls == 1  # it may have been charged


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (Say(body=json.dumps(completion(), ensure_ascii=True).encode("utf-16")), "not UTF-8"),
        (
            Say(body=json.dumps(completion(), ensure_ascii=True).encode().replace(b"yes", b"caf\xe9")),
            "not UTF-8",
        ),
        (Say(body=b'data: {"choices": [{"delta": {"content": "yes"}}]}\n\ndata: [DONE]\n\n'), "not a chat"),
        (whole(completion(choice={"finish_reason": "abort"})), "broke off"),
        (whole(completion(choice={"finish_reason": "error"})), "broke off"),
        (whole({"error": {"code": 429, "message": "upstream"}}), "upstream"),
        (whole({"choices": []}), "not a chat"),
        (whole({"choices": None}), "not a chat"),
        (whole(completion(message={"content": 7})), "expected text"),
        (whole(completion(message={"content": [{"type": "image_url", "image_url": {}}]})), "expected text"),
    ],
)
def test_what_is_no_whole_completion_is_asked_again_and_never_kept(
    tmp_path: Path, say: Say, words: str
) -> None:
    outcome = said(say, tmp_path)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "not_a_completion"
    assert words in outcome.detail
    outcome.detail.encode("utf-8")
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    ("message", "choice", "reason"),
    [
        ({"content": None, "tool_calls": [{"id": "1"}]}, {"finish_reason": "tool_calls"}, "empty"),
        ({"content": "", "reasoning_content": "yes, I think"}, {}, "empty"),
        ({"content": [{"type": "thinking", "thinking": "hm"}]}, {}, "empty"),
        ({"content": "ye"}, {"finish_reason": "length"}, "truncated"),
        ({"content": "yes"}, {"finish_reason": "content_filter"}, "refused"),
        ({"content": None, "refusal": "no"}, {}, "refused"),
    ],
)
def test_answers_that_are_none_are_kept_with_their_reason(
    tmp_path: Path, message: dict[str, Any], choice: dict[str, Any], reason: str
) -> None:
    outcome = said(whole(completion(message=message, choice=choice)), tmp_path)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == reason
    assert len(list(tmp_path.rglob("??/*.json"))) == 1


@pytest.mark.parametrize("where", ["model", "finish_reason", "refusal", "content", "message"])
def test_half_a_surrogate_pair_breaks_nothing(tmp_path: Path, where: str) -> None:
    half = "no \ud800 text"
    body = completion(
        message={where: half} if where in ("refusal", "content") else {},
        choice={where: half} if where == "finish_reason" else {},
    )
    say = whole({**body, **({"model": half} if where == "model" else {})})
    if where == "message":
        say = Say(half, status=400)
        with pytest.raises(EndpointError) as error:
            said(say, tmp_path)
        str(error.value).encode("utf-8")
        return
    outcome = said(say, tmp_path)
    told = outcome.detail if isinstance(outcome, Refusal) else outcome.text
    told.encode("utf-8")
    assert isinstance(outcome, Reply) == (where in ("model", "finish_reason"))
    assert len(list(tmp_path.rglob("??/*.json"))) == 1  # what was paid for is kept


def test_half_a_surrogate_pair_in_a_last_word_breaks_nothing(tmp_path: Path) -> None:
    error = {"error": {"code": "content_filter", "message": "no \ud800 text"}}
    outcome = said(Say(status=400, body=json.dumps(error).encode()), tmp_path)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "refused"
    outcome.detail.encode("utf-8")


def test_text_in_parts_is_one_text_without_the_thoughts(tmp_path: Path) -> None:
    parts = [
        {"type": "thinking", "thinking": []},
        {"type": "text", "text": "y"},
        {"type": "text", "text": "es"},
    ]
    outcome = said(whole(completion(message={"content": parts})), tmp_path)
    assert isinstance(outcome, Reply)
    assert outcome.data == "yes"


@pytest.mark.parametrize(
    ("usage", "charged"),
    [
        ({}, 15),
        ({"total_tokens": 15}, 15),
        ({"total_tokens": 100}, 100),  # thoughts that the server counts in the total alone
        ({"completion_tokens": 10**17}, None),
        ({"prompt_tokens": -1}, None),
        ({"prompt_tokens": "10"}, None),
        ({"completion_tokens": True}, None),
    ],
)
def test_what_an_answer_is_charged(tmp_path: Path, usage: dict[str, Any], charged: int | None) -> None:
    say = whole(completion(usage=usage))
    with serving(lambda body, before: say) as server:
        asked = client(server.url, tmp_path)
        request = ask("", "1")
        asked.ask_many([request])
        most = sum(asked.endpoint.bound(request))
    assert asked.budget.spent.tokens == (most if charged is None else charged)
    assert (asked.budget.presumed.calls == 1) == (charged is None)
    [record] = [read_json(path) for path in tmp_path.rglob("??/*.json")]
    assert record["provenance"]["charged"]["tokens"] == asked.budget.spent.tokens


@pytest.mark.parametrize(
    "spell", [lambda key: key.replace("/", "\\/"), lambda key: key.replace("+", "\\u002B")]
)
def test_a_key_that_json_spells_otherwise_is_blotted_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spell: Callable[[str], str]
) -> None:
    key = "sk-plan/ted+secret="
    monkeypatch.setenv("PLANTED_KEY", key)
    body = json.dumps(completion()).replace("yes", f"your key is {spell(key)}").encode()
    outcome = said(Say(body=body), tmp_path, key_variable="PLANTED_KEY")
    assert isinstance(outcome, Reply)
    assert outcome.data == "your key is [API key]"


def test_a_redirect_takes_the_key_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_KEY", "sk-planted-secret")
    with serving(lambda body, before: Say("yes")) as other:
        moved = Say("moved", status=307, headers={"Location": f"{other.url}/chat/completions"})
        with pytest.raises(EndpointError, match="redirects"):
            said(moved, tmp_path, key_variable="PLANTED_KEY")
        assert other.calls == 0
