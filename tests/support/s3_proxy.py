"""A real HTTP proxy in front of an S3 server that misbehaves as S3 and networks do, by a rule of the test."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOP = {"connection", "expect", "transfer-encoding", "keep-alive", "content-length"}


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def query(self) -> dict[str, list[str]]:
        """The query, empty values kept."""
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    @property
    def part(self) -> int | None:
        """The part number of an UploadPart."""
        return int(self.query["partNumber"][0]) if "partNumber" in self.query else None

    @property
    def is_object(self) -> bool:
        """Whether it concerns an object of the layout."""
        return "/objects/" in urlsplit(self.path).path


@dataclass(frozen=True)
class Deed:
    """What happens to one request: the default passes it on unchanged."""

    error: tuple[int, str] | None = None  # status and S3's code, instead of passing it on
    cut: int | None = None  # send so many bytes of the answer's body, then close the connection
    drop: frozenset[str] = frozenset()  # names of request headers that are not passed on
    hold: bool = False  # never answer


PASS = Deed()
Rule = Callable[[Request], Deed]


@dataclass
class Proxy:
    """Where it listens, what it saw, what it does."""

    url: str
    rule: Rule = lambda request: PASS
    seen: list[Request] = field(default_factory=list)

    def count(self, **wanted: Any) -> int:
        """How many requests had these attributes."""
        return sum(
            all(getattr(request, name) == value for name, value in wanted.items()) for request in self.seen
        )


@contextlib.contextmanager
def s3_proxy(upstream: str) -> Iterator[Proxy]:
    """Run a proxy in front of `upstream` (http://host:port) in threads of this process."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
            proxy.seen.append(request)
            deed = proxy.rule(request)
            if deed.hold:
                closing.wait()
                self.close_connection = True
            elif deed.error:
                self.answer(*s3_error(*deed.error))
            else:
                self.answer(*pass_on(upstream, request, body, deed.drop), cut=deed.cut)

        def answer(
            self, status: int, headers: list[tuple[str, str]], body: bytes, cut: int | None = None
        ) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name, _ in headers):
                self.send_header("Content-Length", str(len(body)))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client has read enough
                self.end_headers()
                self.wfile.write(body if cut is None else body[:cut])
                self.wfile.flush()
            self.close_connection = self.close_connection or cut is not None

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = serve

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        closing.set()
        server.shutdown()
        server.server_close()


Answer = tuple[int, list[tuple[str, str]], bytes]


def pass_on(upstream: str, request: Request, body: bytes, drop: frozenset[str]) -> Answer:
    """Ask the real server the same."""
    link = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=60)
    headers = {k: v for k, v in request.headers.items() if k not in HOP | drop}
    link.request(request.method, request.path, body, {**headers, "Content-Length": str(len(body))})
    answer = link.getresponse()
    data = answer.read()
    kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP - {"content-length"}]
    link.close()
    return answer.status, kept, data


def s3_error(status: int, code: str) -> Answer:
    """An error as S3 words it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>planted</Message></Error>".encode()
    return status, [("Content-Type", "application/xml")], body
