"""Progress of a transfer, in MiB."""

from components.core.progress import Progress

MIB = 2**20


class ByteProgress:
    """Counts bytes and shows whole MiB; a transfer that ends within the first seconds shows nothing."""

    def __init__(self, label: str, total: int):
        self.seen = 0
        # One more than there is: `Progress` always prints its last step, a short transfer should say nothing.
        self.line = Progress(f"{label}, MiB", total // MIB + 1)

    def add(self, count: int) -> None:
        """Count `count` bytes as moved."""
        self.seen += count
        if (whole := self.seen // MIB - self.line.done) > 0:
            self.line.step(whole)
