"""Events posted to a real server on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

from components.core.errors import DataError, UsageError
from components.lineage.openlineage_send import is_url, post_events

TOKEN = "OPENLINEAGE_API_KEY"
RUN = "0b0f3f3e-7d8b-4b6f-9d0e-3f1f5a1c2d3e"


def events() -> list[RunEvent]:
    """START and COMPLETE of one run."""
    times = {RunState.START: "2026-01-02T03:04:05+00:00", RunState.COMPLETE: "2026-01-02T03:04:06+00:00"}
    job = Job(namespace="streamo", name="dataset")
    return [
        RunEvent(eventTime=time, producer="urn:test", eventType=state, run=Run(runId=RUN), job=job)
        for state, time in times.items()
    ]


class Endpoint(ThreadingHTTPServer):
    """Remembers what it was sent; answers the next of `statuses`, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        told = {"path": self.path, "token": self.headers.get("Authorization"), "status": status}
        self.server.received.append({**told, "event": json.loads(body)})
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.delenv(TOKEN, raising=False)
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_events_arrive_in_order_at_the_standard_path(endpoint: Endpoint) -> None:
    assert post_events(endpoint.url, events()) == 2
    assert [each["event"]["eventType"] for each in endpoint.received] == ["START", "COMPLETE"]
    assert {each["path"] for each in endpoint.received} == {"/api/v1/lineage"}
    assert {each["token"] for each in endpoint.received} == {None}


def test_a_path_of_ones_own_and_the_token_of_the_environment(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "planted-7Q2")
    post_events(f"{endpoint.url}/events/here/", events())
    assert {each["path"] for each in endpoint.received} == {"/events/here"}
    assert {each["token"] for each in endpoint.received} == {"Bearer planted-7Q2"}


def test_a_busy_server_is_asked_again(endpoint: Endpoint) -> None:
    endpoint.statuses = [503]
    assert post_events(endpoint.url, events()) == 2
    assert [each["status"] for each in endpoint.received] == [503, 200, 200]


def test_a_refusal_says_how_far_it_came_and_no_secret(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "planted-7Q2")
    endpoint.statuses = [200, 401]
    with pytest.raises(DataError, match="401 after 1 events") as caught:
        post_events(endpoint.url, events())
    assert "planted" not in str(caught.value)


def test_nobody_there_is_a_data_error(endpoint: Endpoint) -> None:
    url = endpoint.url
    endpoint.shutdown()
    endpoint.server_close()
    with pytest.raises(DataError, match="after 0 events"):
        post_events(url, events())


@pytest.mark.parametrize(
    "url", ["http://user:planted@127.0.0.1:9/x", "http://127.0.0.1:9/?token=planted", "http:///x"]
)
def test_secrets_in_an_address_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        post_events(url, events())
    assert "planted" not in str(caught.value)


def test_a_token_does_not_travel_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "planted-7Q2")
    with pytest.raises(UsageError, match="https"):
        post_events("http://lineage.example.org", events())


def test_files_and_addresses_are_told_apart() -> None:
    assert [is_url(name) for name in ("http://a", "HTTPS://a", "events.jsonl", "httpd.jsonl")] == [
        True, True, False, False,
    ]  # fmt: skip
