"""Who makes what right now, among the processes that share one folder of things named by a hash.

A claim is a one-byte lock at an offset of one file that the hash fixes: the kernel gives it back when its
process ends, however it ends, and nothing is left behind.
"""

import fcntl
import os
from pathlib import Path

from components.core.errors import InternalError

OFFSET_DIGITS = 15  # hex digits of the hash that make the offset: below 2**60, as file offsets must be


class Claims:
    """The claims of this process; other processes are held off, the rest of this one is not."""

    def __init__(self, folder: Path):
        self.path = Path(folder) / "claims"
        self._handle: int | None = None

    def take(self, key: str) -> bool:
        """Claim `key`; False while another process has it. InternalError where files cannot be locked."""
        if self._handle is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(key))
        except (BlockingIOError, PermissionError):
            return False
        except OSError as error:
            raise InternalError(
                f"{self.path}: this file system has no locks ({error.strerror}); put the folder on another"
            ) from None
        return True

    def give(self, key: str) -> None:
        """Give a claim back."""
        assert self._handle is not None, "a claim is taken before it is given back"
        fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, _offset(key))

    def close(self) -> None:
        """Give all claims back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _offset(key: str) -> int:
    return int(key[:OFFSET_DIGITS], 16)
