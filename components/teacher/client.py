"""Asks an OpenAI-compatible endpoint many questions at once, within limits, and pays for none twice."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import TextIO

from components.core.progress import Progress
from components.teacher.asking import Asking, Outcome, StoppedError, reply_of
from components.teacher.base import Refusal
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ChatRequest, key_of
from components.teacher.endpoint import Endpoint
from components.teacher.estimate import Estimate, estimate

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Client:
    """A pool of requests to one endpoint.

    Args:
        endpoint: where to ask, with prices and limits.
        cache: every answer, kept for good.
        budget: hard limits of this client's life; shared by all its calls.
        seed: of the jitter between attempts.
        stream: where progress goes, stderr by default.

    """

    def __init__(
        self,
        endpoint: Endpoint,
        cache: AnswerCache,
        budget: Budget,
        *,
        seed: int = 0,
        stream: TextIO | None = None,
    ):
        self.endpoint, self.cache, self.budget, self.seed = endpoint, cache, budget, seed
        self.stream = stream or sys.stderr
        self.attempts, self.retried = 0, dict[str, int]()

    def estimate(self, requests: Iterable[ChatRequest]) -> Estimate:
        """What asking would take, without a call: the dry run."""
        return estimate(self.endpoint, self.cache, requests)

    def kept(self, request: ChatRequest) -> Outcome | None:
        """What an answer kept on this machine says, None if none is; `estimate` brings what is shared."""
        key = key_of(self.endpoint.known_by(request))
        kept = self.cache.get_here(key)
        try:
            return None if kept is None else reply_of(request, key, kept, cached=True)
        except Refusal as refusal:
            return Refusal(refusal.reason, refusal.detail, key)

    def ask_many(self, requests: Sequence[ChatRequest], *, label: str = "answers") -> list[Outcome]:
        """The outcome of every request, in their order whatever order the answers arrive in.

        On SIGINT or SIGTERM nothing new is sent; answers in flight are awaited and kept, then the signal
        takes its usual course. A second one does not wait.

        Raises:
            BudgetError: no room for the next request. Answers so far are kept; run again with more.
            EndpointError: the server refuses (4xx but 429), redirects, floods or cannot be reached.
            StoreError: the share does not do its part. Answers so far are kept here, run again to share them.
            UsageError: the key's environment variable is empty, or a limit is below a single request.
            KeyboardInterrupt: SIGINT.

        """
        print(
            f"{label}: {self.estimate(requests)}; budget {self.budget.limits()}", file=self.stream, flush=True
        )
        caught: list[signal.Signals] = []
        try:
            outcomes = asyncio.run(self._collect(requests, label, caught))
        except asyncio.CancelledError:  # by the second signal
            outcomes = {}
        if caught[:1] == [signal.SIGTERM]:
            signal.raise_signal(signal.SIGTERM)
        if caught:
            raise KeyboardInterrupt
        return [outcomes[index] for index in range(len(requests))]

    async def _collect(
        self, requests: Sequence[ChatRequest], label: str, caught: list[signal.Signals]
    ) -> dict[int, Outcome]:
        stop = asyncio.Event()
        progress = Progress(label, len(requests), stream=self.stream)
        outcomes: dict[int, Outcome] = {}
        with stop_on_signals(stop, caught):
            async with contextlib.aclosing(self.answers(requests, stop=stop)) as arriving:
                async for index, outcome in arriving:
                    outcomes[index] = outcome
                    progress.step(note=self.budget.note())
        return outcomes

    async def answers(
        self, requests: Iterable[ChatRequest], *, stop: asyncio.Event | None = None
    ) -> AsyncGenerator[tuple[int, Outcome], None]:
        """(position, outcome) as they arrive; requests are taken from the iterable only as they are sent.

        Args:
            requests: may be endless or lazy; at most `concurrency` are held at a time.
            stop: set it, and nothing new is sent; what is in flight is awaited, kept and yielded.

        Raises:
            As `ask_many`, after what is in flight has been kept.

        """
        stop = stop or asyncio.Event()
        asking = Asking(self.endpoint, self.cache, self.budget, seed=self.seed, stop=stop)
        arrived: asyncio.Queue[tuple[int, Outcome] | None] = asyncio.Queue()
        source = iter(enumerate(requests))
        workers = [
            asyncio.create_task(_work(asking, source, arrived)) for _ in range(self.endpoint.concurrency)
        ]
        ending = asyncio.create_task(_end(asking, workers, arrived))
        try:
            while (item := await arrived.get()) is not None:
                yield item
            for worker in workers:
                worker.result()
        except asyncio.CancelledError:  # leave now: what is in flight is given up
            ending.cancel()
            raise
        finally:
            stop.set()
            await asyncio.gather(ending, *workers, return_exceptions=True)
            await asking.close()
            self.attempts += asking.attempts
            for reason, count in asking.retried.items():
                self.retried[reason] = self.retried.get(reason, 0) + count


async def _work(
    asking: Asking,
    source: Iterator[tuple[int, ChatRequest]],
    arrived: "asyncio.Queue[tuple[int, Outcome] | None]",
) -> None:
    for index, request in source:
        if asking.stop.is_set():
            return
        try:
            arrived.put_nowait((index, await asking.outcome(request)))
        except StoppedError:
            return
        await asyncio.sleep(0)  # cached answers need no wait of their own: let the others in


async def _end(
    asking: Asking, workers: "list[asyncio.Task[None]]", arrived: "asyncio.Queue[tuple[int, Outcome] | None]"
) -> None:
    """Say that all is done, or stop the others when one has failed and let theirs in flight arrive."""
    try:
        await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        asking.stop.set()
        await asyncio.wait(workers)
    finally:
        for worker in workers:
            worker.cancel()
        arrived.put_nowait(None)


@contextlib.contextmanager
def stop_on_signals(stop: asyncio.Event, caught: list[signal.Signals]) -> Iterator[None]:
    """SIGINT and SIGTERM set `stop` and are noted in `caught`; a second one cancels the task that runs.

    Only the main thread may handle signals; elsewhere they are left to it.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def handle(number: signal.Signals) -> None:
        if caught:
            task.cancel()
        caught.append(number)
        stop.set()
        print("stopping: answers in flight are awaited and kept; once more to leave now", file=sys.stderr)

    before = {}
    try:
        for number in SIGNALS:
            before[number] = signal.getsignal(number)
            loop.add_signal_handler(number, handle, number)
    except (ValueError, RuntimeError):  # not the main thread
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
