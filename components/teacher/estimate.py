"""The dry run: calls, tokens and money that asking would take, what is in the cache left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.teacher.budget import Amount
from components.teacher.cache import AnswerCache
from components.teacher.chat import ChatRequest, key_of
from components.teacher.endpoint import Endpoint


@dataclass(frozen=True)
class Estimate:
    """What asking would take.

    Attributes:
        requests: how many were looked at.
        cached: of them, those whose answer is kept and verifies.
        repeated: of the others, those that ask what another one asks.
        about: calls, tokens and money at four bytes a token and answers of full length, without retries.
        at_most: the same with a token for every byte: what a budget must hold for no request to wait.

    """

    requests: int
    cached: int
    repeated: int
    about: Amount
    at_most: Amount

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, {self.cached} answered before, {self.repeated} repeated: "
            f"about {self.about}, at most {self.at_most.tokens} tokens, {self.at_most.usd:.4f} USD"
        )


def estimate(endpoint: Endpoint, cache: AnswerCache, requests: Iterable[ChatRequest]) -> Estimate:
    """Look at every request without sending any; answers that only the share has are brought here."""
    prices: dict[str, tuple[Amount, Amount]] = {}
    keys: list[str] = []
    for request in requests:
        keys.append(key_of(endpoint.known_by(request)))
        if keys[-1] not in prices:
            prices[keys[-1]] = (
                _amount(endpoint, *endpoint.estimate(request)),
                _amount(endpoint, *endpoint.bound(request)),
            )
    kept = cache.fetch(prices)
    cached = sum(key in kept for key in keys)
    asked = [price for key, price in prices.items() if key not in kept]
    about = sum((price[0] for price in asked), Amount())
    at_most = sum((price[1] for price in asked), Amount())
    return Estimate(len(keys), cached, len(keys) - cached - len(asked), about, at_most)


def _amount(endpoint: Endpoint, sent: int, answered: int) -> Amount:
    return Amount(1, sent + answered, endpoint.price(sent, answered))
