"""One run of questions: cache, budget, rate limit, attempts and the waits between; what arrives is kept."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from components.core.claims import Claims
from components.core.seeds import py_random
from components.teacher.base import Refusal
from components.teacher.budget import Amount, Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ChatRequest, Reply, key_of
from components.teacher.declined import declined
from components.teacher.endpoint import Endpoint, EndpointError
from components.teacher.limiter import Limiter, Pass
from components.teacher.reading import NotACompletionError, read_answer, read_completion
from components.teacher.record import Kept
from components.teacher.transport import AttemptFailed, HttpAnswer, Transport, server_message

FIRST_WAIT_S, LONGEST_BACKOFF_S = 0.5, 60.0
CLAIMED_S = 0.2  # between looks at a question that another process is asking
OK, TIMED_OUT, TOO_MANY, SERVER_ERRORS = 200, 408, 429, 500
# The server's fault or the network's: a product must not be made of these, run again instead.
TRANSIENT = frozenset({"timeout", "connection", "rate_limited", "server_error", "not_a_completion"})
Outcome = Reply | Refusal
T = TypeVar("T")


class StoppedError(Exception):
    """The run was told to stop before this request left."""


@dataclass(frozen=True)
class Fault:
    """Why an attempt brought no answer, and how long the server wants us to wait (seconds)."""

    reason: str
    detail: str
    wait_s: float = 0.0


@dataclass
class Charge:
    """What an attempt is charged as things stand; `presumed` where no server said so."""

    amount: Amount = field(default_factory=Amount)
    presumed: bool = False


@dataclass(frozen=True)
class Question:
    """A request with its hash, the body that goes over the wire, and the most it can be charged."""

    key: str
    known_by: dict[str, Any]
    body: dict[str, Any]
    most: Amount


class Asking:
    """What the requests of one run share.

    Attributes:
        stop: once set, nothing new is sent.
        attempts: HTTP attempts so far.
        retried: `{reason: attempts that were tried again}`.

    """

    def __init__(
        self, endpoint: Endpoint, cache: AnswerCache, budget: Budget, *, seed: int, stop: asyncio.Event
    ):
        self.endpoint, self.cache, self.budget, self.seed, self.stop = endpoint, cache, budget, seed, stop
        self.claims = Claims(cache.claims_folder)
        self.limiter = Limiter(endpoint.requests_per_minute, endpoint.tokens_per_minute)
        self.attempts, self.retried = 0, dict[str, int]()
        self._transport: Transport | None = None  # not before it is needed: answers kept need no API key
        self._heard = False
        self._locks: dict[str, asyncio.Lock] = {}
        self._refused: dict[str, Refusal] = {}

    async def close(self) -> None:
        """Close all connections and give all claims back."""
        self.claims.close()
        if self._transport is not None:
            await self._transport.close()

    async def outcome(self, request: ChatRequest) -> Outcome:
        """The reply or the refusal; one question is never asked twice, also not by requests in flight.

        Raises:
            BudgetError, EndpointError, StoreError, UsageError: the run cannot go on.
            StoppedError: `stop` was set first.

        """
        known_by = self.endpoint.known_by(request)
        key = key_of(known_by)
        async with self._alone(key):
            if key in self._refused:
                return self._refused[key]
            try:
                kept = await self._kept(key)
                if kept is not None:
                    return reply_of(request, key, kept, cached=True)
                return await self._claim_and_ask(request, self._question(request, known_by, key))
            except Refusal as refusal:
                # A new one: an exception that was raised holds on to its frames, and they to the images.
                self._refused[key] = Refusal(refusal.reason, refusal.detail, key)
                return self._refused[key]

    @contextlib.asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """Hold off other requests of this hash; what comes of it is written down before the lock goes."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            try:
                yield
            finally:
                self._locks.pop(key, None)

    async def _claim_and_ask(self, request: ChatRequest, question: Question) -> Reply:
        """Ask, unless another process with the same claims is asking it already: then take its answer."""
        while not self.claims.take(question.key):
            await self._unless_stopped(asyncio.sleep(CLAIMED_S))
        try:
            kept = await self._kept(question.key)
            if kept is not None:
                return reply_of(request, question.key, kept, cached=True)
            await self._ask(question)
            kept = await self._kept(question.key)
        finally:
            self.claims.give(question.key)
        if kept is None:
            raise EndpointError(f"{self.cache.path(question.key)}: the answer just written does not verify")
        return reply_of(request, question.key, kept, cached=False)

    async def _kept(self, key: str) -> Kept | None:
        """The kept answer; where there is a share in a thread, since others need not wait for it."""
        if self.cache.share is None:
            return self.cache.get_here(key)
        return await asyncio.to_thread(self.cache.get_settled, key)

    def _question(self, request: ChatRequest, known_by: dict[str, Any], key: str) -> Question:
        sent, answered = self.endpoint.bound(request)
        most = Amount(1, sent + answered, self.endpoint.price(sent, answered))
        return Question(key, known_by, self.endpoint.body(request), most)

    async def _ask(self, question: Question) -> None:
        """Attempt until the answer is in the cache; Refusal where the attempts or the patience end."""
        for attempt in itertools.count(1):
            fault = await self._attempt(question, attempt)
            if fault is None:
                return
            last = attempt == self.endpoint.attempts
            if last and fault.reason == "connection" and not self._heard:
                raise EndpointError(f"{self.endpoint.address}: nobody answers ({fault.detail})")
            if last or fault.wait_s > self.endpoint.longest_wait_s:
                waits = f", asked to wait {fault.wait_s:g} s" if fault.wait_s else ""
                raise Refusal(fault.reason, f"{fault.detail}; attempts: {attempt}{waits}")
            self.retried[fault.reason] = self.retried.get(fault.reason, 0) + 1
            await self._unless_stopped(asyncio.sleep(max(fault.wait_s, self._backoff(question.key, attempt))))

    async def _attempt(self, question: Question, attempt: int) -> Fault | None:
        """One POST within budget and rate; None if its answer is in the cache now."""
        self._transport = self._transport or Transport(self.endpoint)
        await self._unless_stopped(self.budget.reserve(question.most))
        charge = Charge()
        try:
            entry = await self._unless_stopped(self.limiter.acquire(question.most.tokens))
            if self.stop.is_set():
                raise StoppedError
            # Until its end is known an attempt counts as charged in full, also if this task is cancelled.
            charge.amount, charge.presumed = question.most, True
            return await self._post(self._transport, question, attempt, charge, entry)
        finally:
            self.budget.settle(question.most, charge.amount, presumed=charge.presumed)

    async def _post(
        self, transport: Transport, question: Question, attempt: int, charge: Charge, entry: Pass
    ) -> Fault | None:
        self.attempts += 1
        start = time.monotonic()
        try:
            answer = await transport.post(question.body)
        except AttemptFailed as failed:
            if not failed.sent:
                charge.amount, charge.presumed = Amount(), False
            return Fault(failed.reason, failed.detail)
        self._heard = True
        if answer.status != OK:
            charge.amount, charge.presumed = Amount(calls=1), False
            if declined(answer.raw) is None:
                return self._failed(answer, question.key)
        origin = {"attempt": attempt, "seconds": round(time.monotonic() - start, 3)}
        self._keep(answer.raw, question, charge, entry, origin)
        return None

    def _failed(self, answer: HttpAnswer, key: str) -> Fault:
        """The fault of an answer that may be asked for again; EndpointError for any other status."""
        detail = f"HTTP {answer.status}: {server_message(answer.raw)}"
        wait_s = answer.retry_after_s or 0.0
        if wait_s <= self.endpoint.longest_wait_s:
            self.limiter.pause(wait_s)  # for all: what is too much, or down, is so for the others too
        if answer.status == TOO_MANY:
            return Fault("rate_limited", detail, wait_s)
        if answer.status == TIMED_OUT:  # the server's own: it did not read the request to its end
            return Fault("timeout", detail, wait_s)
        if answer.status >= SERVER_ERRORS:
            return Fault("server_error", detail, wait_s)
        raise EndpointError(f"{self.endpoint.address} refuses request {key[:12]}: {detail}")

    def _keep(
        self, raw: str, question: Question, charge: Charge, entry: Pass, origin: dict[str, Any]
    ) -> None:
        """Put the answer into the cache with its provenance, and say what it was charged."""
        try:
            completion = declined(raw) or read_completion(raw)
        except NotACompletionError as error:
            raise Refusal("not_a_completion", str(error)) from None
        if completion.usage is not None:
            charge.amount = Amount(1, sum(completion.usage), self.endpoint.price(*completion.usage))
            charge.presumed = False
            self.limiter.correct(entry, charge.amount.tokens)
        money = {"tokens": charge.amount.tokens, "usd": charge.amount.usd, "presumed": charge.presumed}
        provenance = {
            "endpoint": self.endpoint.url,
            "model": completion.model,
            "finish_reason": completion.finish_reason,
            "usage": None if completion.usage is None else list(completion.usage),
            "charged": money,
            "answered_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **origin,
        }
        self.cache.put(question.known_by, raw, provenance)

    def _backoff(self, key: str, attempt: int) -> float:
        """Doubling waits, spread by a factor of 0.5 to 1.5 that the seed, the request and the attempt fix."""
        spread = 0.5 + py_random(self.seed, "backoff", key, attempt).random()
        return min(FIRST_WAIT_S * 2.0 ** (attempt - 1), LONGEST_BACKOFF_S) * spread

    async def _unless_stopped(self, waiting: Coroutine[Any, Any, T]) -> T:
        """What `waiting` returns; StoppedError if `stop` is set before it does."""
        task, stopped = asyncio.ensure_future(waiting), asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise StoppedError
        finally:
            task.cancel()
            stopped.cancel()


def reply_of(request: ChatRequest, key: str, kept: Kept, *, cached: bool) -> Reply:
    """The reply in a kept answer.

    Raises:
        Refusal: it cannot be used.

    """
    data = read_answer(request, kept.completion)
    return Reply(data, kept.completion.text, key, kept.provenance, cached)
