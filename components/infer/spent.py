"""What watching cost."""

from dataclasses import astuple, dataclass


@dataclass
class Spent:
    """Forwards of the model, turns and texts decided, tokens fed."""

    forwards: int = 0
    turns: int = 0
    texts: int = 0
    tokens: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        """The cost of both."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Spent(*(mine + theirs for mine, theirs in pairs))
