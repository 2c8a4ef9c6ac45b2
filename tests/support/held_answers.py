"""A gate for `openai_server.serving`: one client gets some answers, then all of them wait until it opens."""

import threading
from collections import Counter


class HeldAnswers:
    """Counts what it let through, by the key that a client shows.

    Args:
        key: of the client whose questions close the gate.
        answers: how many of its questions are answered before that.
        free: the key of a client that is never held.

    """

    def __init__(self, key: str, answers: int, free: str):
        self.key, self.left, self.free = key, answers, free
        self.passed: Counter[str] = Counter()
        self._change = threading.Condition()
        self._open = False

    def __call__(self, authorization: str) -> None:
        """Return when the client that showed this header may be answered."""
        key = authorization.removeprefix("Bearer ")
        with self._change:
            if key == self.key and not self._open:
                self.left -= 1
            if self.left < 0 and key != self.free and not self._open:
                self._change.wait_for(lambda: self._open)
            self.passed[key] += 1

    @property
    def closed(self) -> bool:
        """Whether the client has asked more than it may have before the gate opens."""
        return self.left < 0

    def open(self) -> None:
        """Let everything through, what is held first."""
        with self._change:
            self._open = True
            self._change.notify_all()
