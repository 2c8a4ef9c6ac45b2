"""One HTTP attempt: POST within a time and size limit; no redirects, proxies or credentials from files."""

import asyncio
import email.utils
import math
import time
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import httpx

from components.teacher.body import Body, BrokenError, TooLongError, UnknownEncodingError, echo_of
from components.teacher.endpoint import Endpoint, EndpointError
from components.teacher.reading import printable, strict_json

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
        self._echo = echo_of(self._key) if self._key else None
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
        return text if self._echo is None else self._echo.sub("[API key]", text)

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
        except (httpx.TransportError, BrokenError) as error:
            raise AttemptFailed("connection", self._say(error), sent=True) from None

    async def _post(self, asked: dict[str, Any]) -> HttpAnswer:
        async with self._http.stream("POST", self.endpoint.address, json=asked) as response:
            if response.is_redirect:
                raise EndpointError(
                    f"{self.endpoint.address} redirects ({response.status_code}), which is not followed; "
                    "set the final address in the endpoint's url"
                )
            wait_s = retry_after(response.headers.get("retry-after"))
            try:
                raw = await self._read(response)
            except UnknownEncodingError as error:
                if response.is_success:
                    raise EndpointError(f"{self.endpoint.address}: {error}") from None
                raw = f"({error})"  # the status says what there is to do
            return HttpAnswer(response.status_code, self.without_key(raw), wait_s)

    async def _read(self, response: httpx.Response) -> str:
        body = Body(response.headers.get("content-encoding", ""), self.endpoint.max_answer_bytes)
        try:
            async for block in response.aiter_raw():
                body.add(block)
        except TooLongError:
            raise EndpointError(
                f"{self.endpoint.address} sent more than max_answer_bytes "
                f"({self.endpoint.max_answer_bytes}) for one answer"
            ) from None
        return body.text()

    def _say(self, error: Exception) -> str:
        return self.without_key(f"{type(error).__name__} {error}")[:SHOWN]


def server_message(raw: str) -> str:
    """The server's own words of an error body: `error.message`, `message` or `detail`, else its beginning."""
    try:
        body = strict_json(raw)
        error = body.get("error", body)
        message = error if isinstance(error, str) else error.get("message", error.get("detail", raw))
    except (ValueError, AttributeError):
        message = raw
    return printable(str(message)).strip()[:SHOWN]


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header: a number or an HTTP date; None where it is neither.

    A date without a zone is in UTC (RFC 9110, section 5.6.7: asctime dates).
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(value)
            date = date if date.tzinfo else date.replace(tzinfo=UTC)
            seconds = date.timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else max(0.0, seconds)
