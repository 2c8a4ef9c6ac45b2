"""Where to ask: address, model, prices and limits of one OpenAI-compatible server."""

import ipaddress
import os
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from components.core.errors import InternalError, UsageError
from components.teacher.chat import SCHEMA_AS, ChatRequest

PICO = 10**12  # money is counted in whole pico-USD, so that sums are exact
OVERHEAD_TOKENS = 64  # role markers and the server's own wrapping, per message and once more per request
SHORTEST_KEY = 8
BYTES_PER_TOKEN = 4  # of the estimate only; the bound takes one token a byte


class EndpointError(InternalError):
    """The server cannot be used as it is (refused key, unknown model, redirect, ...): exit code 3."""


@dataclass(frozen=True)
class Endpoint:
    """One server and model; the same fields as a section of `endpoints` in params.yaml.

    Attributes:
        url: base address, e.g. `https://host/v1`; `/chat/completions` is added.
        model: the model's name there.
        revision: which weights or version that name means; part of every hash. Change it when they change.
        usd_per_million_input: price of a million tokens sent.
        usd_per_million_output: price of a million tokens answered.
        key_variable: environment variable that holds the API key; empty for servers without one.
        concurrency: requests in flight at once.
        requests_per_minute: None for no limit.
        tokens_per_minute: None for no limit; sent and answered together.
        timeout_s: seconds one attempt may take, connection and answer together.
        attempts: tries of one request, the first included.
        longest_wait_s: a Retry-After beyond this gives the request up instead of waiting.
        image_tokens: most tokens the server counts for one image.
        max_answer_bytes: a longer answer ends the run.
        length_key: `max_tokens`, or `max_completion_tokens` where the server insists.
        schema_as: `json_schema` where the server holds the model to a schema (`response_format`);
            `json_object` where it knows JSON alone, `text` where it heeds neither: then the schema is written
            into the first message. The answer is checked against it in any case.
        allow_http: permits http to a host that is not this machine.

    """

    url: str
    model: str
    revision: str
    usd_per_million_input: float
    usd_per_million_output: float
    key_variable: str = ""
    concurrency: int = 8
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_s: float = 120.0
    attempts: int = 5
    longest_wait_s: float = 300.0
    image_tokens: int = 1500
    max_answer_bytes: int = 4 * 2**20
    length_key: str = "max_tokens"
    schema_as: str = "json_schema"
    allow_http: bool = False

    def __post_init__(self) -> None:
        check_url(self.url, self.allow_http)
        for name in ("model", "revision"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise UsageError(f"endpoint: {name} is {getattr(self, name)!r}, expected a name")
        for name in ("usd_per_million_input", "usd_per_million_output"):
            _check_number(self, name, lowest=0)
        for name in ("concurrency", "attempts", "image_tokens", "max_answer_bytes"):
            _check_number(self, name, lowest=1)
        for name in ("requests_per_minute", "tokens_per_minute"):
            if getattr(self, name) is not None:
                _check_number(self, name, lowest=1)
        for name in ("timeout_s", "longest_wait_s"):
            _check_number(self, name, lowest=0.001)
        if self.schema_as not in SCHEMA_AS:
            known = ", ".join(SCHEMA_AS)
            raise UsageError(f"endpoint: schema_as is {self.schema_as!r}, expected one of {known}")

    @property
    def address(self) -> str:
        """Where requests are posted."""
        return self.url.rstrip("/") + "/chat/completions"

    def api_key(self) -> str:
        """The key, from the environment alone; empty where the endpoint names no variable.

        Raises:
            UsageError: the variable is not set, is empty, holds more than one printable ASCII word, or so few
                letters that they may stand in any answer (in which the key is blotted out).

        """
        if not self.key_variable:
            return ""
        key = os.environ.get(self.key_variable, "").strip()
        if not key:
            raise UsageError(f"the environment variable {self.key_variable} holds no API key for {self.url}")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise UsageError(f"the environment variable {self.key_variable} holds what cannot be an API key")
        if len(key) < SHORTEST_KEY:
            raise UsageError(
                f"the environment variable {self.key_variable} holds what cannot be an API key: fewer than "
                f"{SHORTEST_KEY} letters. Leave key_variable empty where the server wants none"
            )
        return key

    def price(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Cost in pico-USD."""
        return round(self.usd_per_million_input * 1e6) * prompt_tokens + (
            round(self.usd_per_million_output * 1e6) * completion_tokens
        )

    def known_by(self, request: ChatRequest) -> dict[str, Any]:
        """What the answer of this server to `request` depends on; `key_of` hashes it."""
        if self.schema_as == SCHEMA_AS[0]:
            return request.known_by(self.model, self.revision)
        return {**request.spelled().known_by(self.model, self.revision), "schema_as": self.schema_as}

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """What is posted to this server."""
        told = request if self.schema_as == SCHEMA_AS[0] else request.spelled()
        return told.body(self.model, self.length_key, self.schema_as)

    def _text_bytes(self, request: ChatRequest) -> int:
        """Bytes of everything this server is told; a schema that is spelled out counts there alone."""
        told = request if self.schema_as == SCHEMA_AS[0] else replace(request.spelled(), schema=None)
        return told.text_bytes()

    def bound(self, request: ChatRequest) -> tuple[int, int]:
        """The most tokens `request` can be charged for: (sent, answered)."""
        wrapping = OVERHEAD_TOKENS * (len(request.messages) + 1)
        sent = self._text_bytes(request) + self.image_tokens * request.images() + wrapping
        return sent, request.max_tokens

    def estimate(self, request: ChatRequest) -> tuple[int, int]:
        """About how many tokens it will be, at four bytes a token and answers of full length."""
        sent = self._text_bytes(request) // BYTES_PER_TOKEN + self.image_tokens * request.images()
        return sent, request.max_tokens


def check_url(url: str, allow_http: bool) -> None:
    """Refuse what is no plain https address (or http to this machine).

    Raises:
        UsageError: another scheme, user or password in the address, or http to another host.

    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"endpoint: the address cannot be read ({error})") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError("endpoint: the address holds a user or password; keys come from the environment")
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port == 0
        or parts.query
        or parts.fragment
    ):
        raise UsageError("endpoint: the address must read http(s)://host[:port]/path, nothing more")
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise UsageError(
            f"endpoint: {url} would send frames and key unencrypted; use https, or set allow_http: true"
        )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def from_mapping(values: object, where: str) -> Endpoint:
    """An endpoint from plain values; `where` (file and key) begins each error.

    Raises:
        UsageError: a key is missing or unknown, or a value is not of its kind.

    """
    if not isinstance(values, dict):
        raise UsageError(f"{where}: expected the keys of an endpoint, found {values!r:.60}")
    known = {field.name for field in fields(Endpoint)}
    needed = ("url", "model", "revision", "usd_per_million_input", "usd_per_million_output")
    missing, unknown = [key for key in needed if key not in values], sorted(set(values) - known)
    if missing or unknown:
        raise UsageError(f"{where}: missing keys {missing}, unknown keys {unknown}")
    try:
        return Endpoint(**values)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _check_number(endpoint: Endpoint, name: str, lowest: float) -> None:
    value: Any = getattr(endpoint, name)
    whole = Endpoint.__annotations__[name] in (int, int | None)
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not fits or not lowest <= float(value) < float("inf"):
        kind = "whole number" if whole else "number"
        raise UsageError(f"endpoint: {name} is {value!r}, expected a {kind} from {lowest} on")
