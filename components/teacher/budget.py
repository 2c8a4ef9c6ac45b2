"""Money, tokens and calls with a hard stop: set aside before a request leaves, settled when its answer came.

What is set aside is the most a request can be charged for, so requests in flight together never spend more
than is left. A request that does not fit waits for those in flight to settle; if none is, the run stops.

A server that charges more than that (its images take more tokens than `image_tokens` says, or it answers
beyond `max_tokens`) can carry the sum past a limit, by what it overcharges for the requests in flight and no
further: nothing leaves once the sum is there. Such answers are counted and said (`overruns`).
"""

import asyncio
from dataclasses import dataclass, field

from components.core.errors import DataError, UsageError
from components.teacher.endpoint import PICO


class BudgetError(DataError):
    """The budget has no room for the next request (exit 1): what was answered so far is in the cache."""


@dataclass(frozen=True)
class Amount:
    """Calls (HTTP attempts), tokens (sent and answered) and money in pico-USD."""

    calls: int = 0
    tokens: int = 0
    pico: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.calls + other.calls, self.tokens + other.tokens, self.pico + other.pico)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.calls - other.calls, self.tokens - other.tokens, self.pico - other.pico)

    @property
    def usd(self) -> float:
        """The money in USD."""
        return self.pico / PICO

    def __str__(self) -> str:
        return f"{self.calls} calls, {self.tokens} tokens, {self.usd:.4f} USD"


@dataclass
class Budget:
    """Limits of one run; None is no limit.

    Attributes:
        spent: what was charged, or must be presumed to be (a request that timed out).
        held: what is set aside for requests in flight.
        presumed: the part of `spent` that no server has confirmed.
        overruns: answers that were charged more than the most that was set aside for them.

    """

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    spent: Amount = field(default_factory=Amount, init=False)
    held: Amount = field(default_factory=Amount, init=False)
    presumed: Amount = field(default_factory=Amount, init=False)
    overruns: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for name in ("calls", "tokens", "usd"):
            value = getattr(self, name)
            kinds = (int, float) if name == "usd" else (int,)
            wrong = isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < float("inf")
            if value is not None and wrong:
                raise UsageError(
                    f"budget: {name} is {value!r}, expected a number from 0 on, or null for no limit"
                )
        self._waiting: list[asyncio.Event] = []

    def lacks(self, need: Amount) -> list[str]:
        """What has no room for `need` beside what is spent and set aside, in words."""
        total = self.spent + self.held + need
        pico = None if self.usd is None else round(self.usd * PICO)
        limits = (
            ("calls", total.calls, self.calls),
            ("tokens", total.tokens, self.tokens),
            ("money", total.pico, pico),
        )
        return [name for name, wanted, limit in limits if limit is not None and wanted > limit]

    async def reserve(self, need: Amount) -> None:
        """Set `need` aside, waiting for requests in flight where that may make room.

        Raises:
            BudgetError: there is no room and nothing in flight could make any.

        """
        while lacking := self.lacks(need):
            if self.held.calls == 0:
                raise BudgetError(
                    f"the budget ({self.limits()}) has no room for the next request (at most {need}): "
                    f"{' and '.join(lacking)}; spent {self.spent}{self._overrun()}. Answers so far are kept: "
                    "raise the budget and run again"
                )
            settled = asyncio.Event()  # its own, since each run has its own event loop
            self._waiting.append(settled)
            await settled.wait()
        self.held += need

    def settle(self, held: Amount, spent: Amount, *, presumed: bool = False) -> None:
        """Give `held` back and charge `spent` instead."""
        self.held -= held
        self.spent += spent
        self.presumed += spent if presumed else Amount()
        self.overruns += spent.tokens > held.tokens or spent.pico > held.pico
        for waiting in self._waiting:
            waiting.set()
        self._waiting.clear()

    def limits(self) -> str:
        """The limits in words."""
        money = None if self.usd is None else f"{self.usd} USD"
        tokens = None if self.tokens is None else f"{self.tokens} tokens"
        calls = None if self.calls is None else f"{self.calls} calls"
        return ", ".join(part for part in (calls, tokens, money) if part) or "no limit"

    def note(self) -> str:
        """What was spent, and the money left if it is limited: for the progress line."""
        left = "" if self.usd is None else f", {self.usd - self.spent.usd:.4f} USD left"
        return f"{self.spent}{left}{self._overrun()}"

    def _overrun(self) -> str:
        what = "cost more than the most that was set aside for them: set the endpoint's image_tokens higher"
        return f" ({self.overruns} answers {what})" if self.overruns else ""
