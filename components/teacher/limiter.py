"""Requests and tokens per minute, over a sliding minute: never more than the limit in any 60 seconds."""

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass

from components.core.errors import UsageError


@dataclass
class Pass:
    """One request that was let through; `tokens` is corrected when its answer says what it really was."""

    at: float
    tokens: int


class Limiter:
    """Lets requests through in the order they come.

    Args:
        requests: most per `window_s`, None for no limit.
        tokens: most per `window_s`, None for no limit.
        window_s: length of the window in seconds.

    """

    def __init__(self, requests: int | None, tokens: int | None, *, window_s: float = 60.0):
        self.requests, self.tokens, self.window_s = requests, tokens, window_s
        self._passed: deque[Pass] = deque()
        self._paused_until = 0.0
        self._turn, self._corrected = asyncio.Lock(), asyncio.Event()

    async def acquire(self, tokens: int) -> Pass:
        """Wait until a request of `tokens` may leave.

        Raises:
            UsageError: one request alone is larger than the limit of tokens.

        """
        if self.tokens is not None and tokens > self.tokens:
            raise UsageError(
                f"endpoint: one request may take {tokens} tokens, tokens_per_minute is only {self.tokens}"
            )
        async with self._turn:
            while (wait := self._wait_s(tokens)) > 0:
                self._corrected.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._corrected.wait(), wait)
            entry = Pass(time.monotonic(), tokens)
            self._passed.append(entry)
            return entry

    def correct(self, entry: Pass, tokens: int) -> None:
        """Count `entry` as `tokens` from now on; whoever waits looks again whether there is room."""
        entry.tokens = tokens
        self._corrected.set()

    def pause(self, seconds: float) -> None:
        """Let nothing through for `seconds`: the server asked for it."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def _wait_s(self, tokens: int) -> float:
        now = time.monotonic()
        while self._passed and self._passed[0].at <= now - self.window_s:
            self._passed.popleft()
        wait = self._paused_until - now
        full = self.requests is not None and len(self._passed) >= self.requests
        used = sum(entry.tokens for entry in self._passed)
        crowded = self.tokens is not None and used + tokens > self.tokens
        if self._passed and (full or crowded):
            wait = max(wait, self._passed[0].at + self.window_s - now)
        return wait
