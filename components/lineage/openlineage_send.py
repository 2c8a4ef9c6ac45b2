"""Events go where the caller says, and nowhere else: into a file of JSON lines, or to an HTTP endpoint."""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from openlineage.client.event_v2 import RunEvent
from openlineage.client.serde import Serde
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider
from openlineage.client.transport.http_common import DEFAULT_RETRY_CONFIG
from requests import RequestException

from components.core.errors import DataError, UsageError
from components.core.files import write_text

TOKEN = "OPENLINEAGE_API_KEY"  # noqa: S105 - the name of the environment variable, not a token
TIMEOUT_S = 10.0
RETRY = {**DEFAULT_RETRY_CONFIG, "total": 3, "connect": 3, "read": 3}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def is_url(target: str) -> bool:
    """Whether `target` is an HTTP address rather than a file."""
    return target.lower().startswith(("http://", "https://"))


def write_events(path: Path, events: Iterable[RunEvent]) -> int:
    """Write one event a line, as the library's file transport does, the file whole; returns their number."""
    lines = [Serde.to_json(event) for event in events]
    write_text(path, "".join(f"{line}\n" for line in lines))
    return len(lines)


def post_events(url: str, events: Iterable[RunEvent]) -> int:
    """POST every event to `url` (its path, else `/api/v1/lineage`); returns their number.

    The token comes from OPENLINEAGE_API_KEY only; server errors are tried again by the library.

    Raises:
        UsageError: the address bears credentials, or a token would travel unencrypted to another machine.
        DataError: the endpoint refused an event or did not answer; run it again, the ids stay the same.

    """
    base, endpoint = split_url(url)
    token = os.environ.get(TOKEN)
    parts = urlsplit(base)
    if token and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise UsageError(f"{base}: {TOKEN} is not sent over plain http to another machine; use https")
    auth = ApiKeyTokenProvider({"apiKey": token}) if token else TokenProvider({})
    config = HttpConfig(url=base, endpoint=endpoint, timeout=TIMEOUT_S, auth=auth, retry=RETRY)
    transport = HttpTransport(config)
    sent = 0
    try:
        for event in events:
            transport.emit(event)
            sent += 1
    except RequestException as error:
        reason = getattr(error.response, "status_code", None) or type(error).__name__
        raise DataError(
            f"{base}{endpoint}: {reason} after {sent} events; send again: the ids stay the same"
        ) from None
    finally:
        transport.close()
    return sent


def split_url(url: str) -> tuple[str, str]:
    """`(scheme://host:port, path)`; UsageError for an address with user, password or query."""
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or not parts.hostname:
        raise UsageError(
            f"--events: expected an http(s) address without user, password, query; a token comes from {TOKEN}"
        )
    path = parts.path.strip("/")
    return f"{parts.scheme}://{parts.netloc}", f"/{path or 'api/v1/lineage'}"
