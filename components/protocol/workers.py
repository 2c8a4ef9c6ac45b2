"""Converting processes: each answers block after block over its pipes and dies with the process that asks.

Blocks travel as pickles; both ends are this project, started by this process.
"""

import contextlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

from components.core.errors import InternalError
from components.core.process import die_with_parent, kill_group, start_group
from components.protocol.block import Block, Done, convert_block

PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """One child process; one caller at a time."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
        self.process = start_group(
            [sys.executable, "-m", "components.protocol.workers"],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        # Bytes over the text pipes of start_group, which keep the descriptors.
        self.blocks = os.fdopen(self.process.stdin.fileno(), "wb", closefd=False)
        self.answers = os.fdopen(self.process.stdout.fileno(), "rb", closefd=False)

    def ask(self, block: Block) -> Done:
        """Convert one block; InternalError where the process died (its own message is on stderr)."""
        try:
            pickle.dump(block, self.blocks, protocol=5)
            self.blocks.flush()
            done = pickle.load(self.answers)  # noqa: S301 - our own child, over its own pipe
        except (BrokenPipeError, EOFError, pickle.UnpicklingError):
            code = self.process.wait()
            raise InternalError(
                f"a converting process ended with {code}: run again (nothing was published)"
            ) from None
        assert isinstance(done, Done)
        return done

    def close(self) -> None:
        """End the process."""
        kill_group(self.process, grace_s=0.5)
        with contextlib.suppress(BrokenPipeError):
            self.blocks.close()  # half a block may stand in its buffer
        for pipe in (self.answers, self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def main() -> None:
    """Answer blocks from stdin until it ends."""
    die_with_parent()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing a library prints gets between the answers
    while True:
        try:
            block = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        pickle.dump(convert_block(block), answers, protocol=5)
        answers.flush()


if __name__ == "__main__":
    main()
