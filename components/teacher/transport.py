"""One HTTP attempt: POST within a time and size limit; no redirects, proxies or credentials from files."""

import asyncio
import email.utils
import time
from dataclasses import dataclass
from typing import Any

import httpx

from components.teacher.endpoint import Endpoint, EndpointError
from components.teacher.reading import strict_json

SHOWN = 300  # characters of a server's message in an error


@dataclass(frozen=True)
class HttpAnswer:
    """Status, body and how long the server wants us to wait (seconds; None if it does not say)."""

    status: int
    raw: str
    retry_after_s: float | None


class AttemptFailed(Exception):  # noqa: N818 - an outcome of one attempt, which may be tried again
    """No HTTP answer: `reason` is `timeout` or `connection`; `sent`: the server may have charged for it."""

    def __init__(self, reason: str, detail: str, *, sent: bool):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.sent = reason, detail, sent


class Transport:
    """Connections to one endpoint for the time of a run; the key lives in memory only.

    The environment's proxies and ~/.netrc are not read: they could send frames and key to another host.
    """

    def __init__(self, endpoint: Endpoint):
        self.endpoint, self._key = endpoint, endpoint.api_key()
        headers = {"Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._http = httpx.AsyncClient(
            headers=headers,
            limits=httpx.Limits(max_connections=endpoint.concurrency),
            timeout=endpoint.timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def without_key(self, text: str) -> str:
        """`text` with the API key blotted out: a server may echo it."""
        return text.replace(self._key, "[API key]") if self._key else text

    async def post(self, body: dict[str, Any]) -> HttpAnswer:
        """One attempt.

        Raises:
            AttemptFailed: no connection, a broken one, or no whole answer in `timeout_s`.
            EndpointError: a redirect, or an answer of more than `max_answer_bytes`.

        """
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                return await self._post(body)
        except (TimeoutError, httpx.TimeoutException):
            detail = f"no whole answer within {self.endpoint.timeout_s:g} s"
            raise AttemptFailed("timeout", detail, sent=True) from None
        except httpx.ConnectError as error:
            raise AttemptFailed("connection", self._say(error), sent=False) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise AttemptFailed("connection", self._say(error), sent=True) from None

    async def _post(self, body: dict[str, Any]) -> HttpAnswer:
        async with self._http.stream("POST", self.endpoint.address, json=body) as response:
            if response.is_redirect:
                raise EndpointError(
                    f"{self.endpoint.address} redirects ({response.status_code}), which is not followed; "
                    "set the final address in the endpoint's url"
                )
            data = bytearray()
            async for block in response.aiter_bytes():
                data += block
                if len(data) > self.endpoint.max_answer_bytes:
                    raise EndpointError(
                        f"{self.endpoint.address} sent more than max_answer_bytes "
                        f"({self.endpoint.max_answer_bytes}) for one answer"
                    )
            raw = self.without_key(bytes(data).decode("utf-8", errors="replace"))
            return HttpAnswer(response.status_code, raw, retry_after(response.headers.get("retry-after")))

    def _say(self, error: Exception) -> str:
        return self.without_key(f"{type(error).__name__} {error}")[:SHOWN]


def server_message(raw: str) -> str:
    """The server's own words of an error body: `error.message` where there is one, else its beginning."""
    try:
        error = strict_json(raw)["error"]
        message = error["message"] if isinstance(error, dict) else error
    except (ValueError, TypeError, KeyError):
        message = raw
    return str(message).strip()[:SHOWN]


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header: a number or an HTTP date; None where it is neither."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if seconds < float("inf") else None
