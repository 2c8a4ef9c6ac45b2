"""The page's server: loopback only, behind a random token, for this browser page and no other."""

import json
import re
import secrets
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from components.core.errors import StreamoError, UsageError
from components.core.files import dumps
from components.review import pictures
from components.review.desk import Desk

HOME = "127.0.0.1"
BODY_MOST = 1 << 24  # bytes: the answers of one label, tens of thousands of them
PAGE = Path(__file__).parent / "page"
FILES = {
    "": "text/html",
    "page.css": "text/css",
    **dict.fromkeys(("page.js", "timeline.js", "answers.js", "frame.js"), "text/javascript"),
    "icon.svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the token is part of the address
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Reply(NamedTuple):
    """Status, content type and bytes."""

    status: int
    kind: str
    body: bytes


def as_json(value: Any, status: int = 200) -> Reply:
    """A JSON reply."""
    return Reply(status, "application/json", dumps(value, indent=None).encode("utf-8"))


class ReviewServer(ThreadingHTTPServer):
    """Serves one desk below `url`; `serve_forever` until it is shut down."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0):
        self.desk, self.token = desk, secrets.token_urlsafe(24)
        super().__init__((HOME, port), Handler)
        self.hosts = {f"{name}:{self.server_address[1]}" for name in (HOME, "localhost")}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless the browser has just lost interest in a picture."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """The address of the page, with its token."""
        return f"http://{HOME}:{self.server_address[1]}/{self.token}/"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: ReviewServer
    protocol_version = "HTTP/1.1"
    timeout = 60.0

    def do_GET(self) -> None:
        """The page, its files, labels and pictures."""
        self._answer(get, None)

    def do_POST(self) -> None:
        """States of edited responses, and verdicts."""
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,12}", length) or int(length) > BODY_MOST:
            self.close_connection = True
            self._send(as_json({"error": f"expected a body of at most {BODY_MOST} bytes"}, 413))
            return
        self._answer(post, self.rfile.read(int(length)))

    def _answer(self, route: "Callable[[Desk, str, Any], Reply | None]", body: bytes | None) -> None:
        path = self._allowed(body is not None)
        if path is None:
            self._send(as_json({"error": "not for this page"}, 403))
            return
        try:
            found = route(self.server.desk, path, None if body is None else read_body(body))
        except UsageError as error:
            found = as_json({"error": str(error)}, 400)
        except StreamoError as error:
            found = as_json({"error": str(error)}, 422)
        except OSError as error:  # a full disk, a folder that cannot be written: the page has to say so
            found = as_json(
                {"error": f"{error.filename or self.server.desk.journal.path}: {error.strerror}"}, 500
            )
        self._send(found or as_json({"error": "no such address"}, 404))

    def _allowed(self, writes: bool) -> str | None:
        """The path below the token, or None for whoever is not this page in this browser.

        Host keeps out a foreign name that resolves to loopback; Origin and Sec-Fetch-Site keep out other
        pages of the same browser; JSON as content type cannot be sent across origins without a preflight,
        which is never answered.
        """
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        place = re.fullmatch(r"/([^/]*)/(.*)", self.path)
        allowed = (
            place is not None
            and host in self.server.hosts
            and secrets.compare_digest(place[1].encode(), self.server.token.encode())
            and origin in ({f"http://{host}"} if writes else {None, f"http://{host}"})
            and self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
            and (not writes or self.headers.get_content_type() == "application/json")
        )
        return place[2] if place and allowed else None

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        kind = f"{reply.kind}; charset=utf-8" if reply.kind.startswith("text/") else reply.kind
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing a request: the address holds the token."""


def read_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; UsageError for anything else."""
    try:
        value = json.loads(body)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON ({error})") from None
    if not isinstance(value, dict):
        raise UsageError("expected a JSON object")
    return value


def get(desk: Desk, path: str, body: None) -> Reply | None:
    """What a GET of `path` (below the token) shows; None where there is nothing."""
    if path in FILES:
        return Reply(200, FILES[path], (PAGE / (path or "page.html")).read_bytes())
    if path == "session":
        return as_json(desk.session())
    if found := re.fullmatch(r"item/(\d{1,9})", path):
        return as_json(desk.show(_number(desk, found[1])))
    if found := re.fullmatch(r"(frame|strip)/(\d{1,9})/(\d{1,9})\.jpg", path):
        return _picture(desk, found[1], _number(desk, found[2]), int(found[3]))
    return None


def _picture(desk: Desk, kind: str, number: int, amount: int) -> Reply:
    """A frame at `amount` milliseconds, or a strip of `amount` frames."""
    path = desk.video(number)
    if kind == "frame":
        return Reply(200, "image/jpeg", pictures.frame(path, amount / 1000))
    return Reply(200, "image/jpeg", pictures.strip(path, desk.turns(number), amount))


def post(desk: Desk, path: str, body: dict[str, Any]) -> Reply | None:
    """What a POST to `path` (below the token) does; None where there is nothing."""
    if found := re.fullmatch(r"states/(\d{1,9})", path):
        return as_json(desk.states(_number(desk, found[1]), body.get("response")))
    if found := re.fullmatch(r"verdict/(\d{1,9})", path):
        number = _number(desk, found[1])
        return as_json(desk.decide(number, body.get("verdict"), body.get("response"), body.get("note", "")))
    return None


def _number(desk: Desk, text: str) -> int:
    if int(text) >= len(desk.labels):
        raise UsageError(f"there are {len(desk.labels)} labels, found number {text}")
    return int(text)
