"""Is there a Prefect server, and does it let us in? Asked before anything is sent, answered in one line."""

import base64
import ipaddress
import os
import urllib.error
import urllib.parse
import urllib.request

from components.core.errors import UsageError
from flows.server import CLIENT_AUTH

TIMEOUT_S = 10.0
START_ONE = "start one with `make ui` and export the lines it prints"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_server() -> str:
    """The address of the server that PREFECT_API_URL names, once it has answered.

    Raises:
        UsageError: no address is set, nobody answers there, or the login is missing or wrong.

    """
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not url:
        raise UsageError(f"PREFECT_API_URL names no Prefect server; {START_ONE}")
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise UsageError(f"PREFECT_API_URL: expected http(s)://host:port/api, got {url!r}")
    handlers = (
        [urllib.request.ProxyHandler({})] if is_loopback(parts.hostname or "") else []
    )  # past any proxy
    opener = urllib.request.build_opener(*handlers)
    opener.addheaders = _login()
    try:
        with opener.open(f"{url}/admin/version", timeout=TIMEOUT_S) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 401:
            raise UsageError(f"{url} refuses the login; set {CLIENT_AUTH} to its user:password") from None
        raise UsageError(f"{url} answers {error.code}: no Prefect API there; {START_ONE}") from None
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UsageError(f"no Prefect server answers at {url} ({reason}); {START_ONE}") from None
    return url


def _login() -> list[tuple[str, str]]:
    secret = os.environ.get(CLIENT_AUTH)
    if not secret:
        return []
    return [("Authorization", "Basic " + base64.b64encode(secret.encode()).decode())]
