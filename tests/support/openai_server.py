"""A real OpenAI-compatible server on loopback that answers as a script says, and counts what it was asked."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Say:
    """One answer of the script.

    Attributes:
        text: the message's content; None leaves it out.
        status: the HTTP status; other than 200 the body is an error object with `text` as its message.
        headers: added to the answer.
        wait_s: seconds before the answer begins.
        body: the whole body instead of a completion.
        finish_reason: of the choice.
        usage: (sent, answered); None leaves it out.
        cut: close the connection after half of the body.

    """

    text: str | None = "{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    body: bytes | None = None
    finish_reason: str = "stop"
    usage: tuple[int, int] | None = (10, 5)
    cut: bool = False
    refusal: str | None = None


Script = Callable[[dict[str, Any], int], Say]  # (request body, how often this body came before) -> answer
Gate = Callable[[str], None]  # given the key a request came with, it returns when the answer may go out


@dataclass
class Server:
    """`url` to give to a client; what came in so far."""

    url: str
    script: Script
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived_at: list[float] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def calls(self) -> int:
        return len(self.bodies)

    def counts(self) -> dict[str, int]:
        """How often each body came, by its text."""
        found: dict[str, int] = {}
        for body in self.bodies:
            found[user_text(body)] = found.get(user_text(body), 0) + 1
        return found

    def take(self, body: dict[str, Any], headers: dict[str, str]) -> Say:
        with self.lock:
            before = sum(other == body for other in self.bodies)
            self.bodies.append(body)
            self.headers.append(headers)
            self.arrived_at.append(time.monotonic())
        return self.script(body, before)


def user_text(body: dict[str, Any]) -> str:
    """All text of the last message of a request."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


def completion(say: Say, model: str) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": say.text, "refusal": say.refusal}
    body: dict[str, Any] = {
        "id": "x",
        "object": "chat.completion",
        "model": f"{model}-2026-01",
        "choices": [{"index": 0, "message": message, "finish_reason": say.finish_reason}],
    }
    if say.usage is not None:
        body["usage"] = {"prompt_tokens": say.usage[0], "completion_tokens": say.usage[1]}
    return json.dumps(body).encode()


@contextlib.contextmanager
def serving(script: Script, gate: Gate | None = None) -> Iterator[Server]:
    """The server for the time of the block; every answer has to pass the `gate`, if there is one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions", self.path
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with server.lock:
                server.in_flight += 1
                server.most_in_flight = max(server.most_in_flight, server.in_flight)
            try:
                say = server.take(request, dict(self.headers))
                if gate:
                    gate(str(self.headers["Authorization"]))
                self.reply(request, say)
            finally:
                with server.lock:
                    server.in_flight -= 1

        def reply(self, request: dict[str, Any], say: Say) -> None:
            time.sleep(say.wait_s)
            body = completion(say, request["model"]) if say.status == 200 else error_body(say)
            body = body if say.body is None else say.body
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client has left
                self.send_response(say.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in say.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if say.cut else body)
                self.close_connection = say.cut or self.close_connection

        def log_message(self, format: str, *args: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    http = Quiet(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{http.server_address[1]}/v1", script)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def error_body(say: Say) -> bytes:
    return json.dumps({"error": {"message": say.text, "type": "scripted"}}).encode()
