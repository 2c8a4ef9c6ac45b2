"""What is in the folder of frames: how much, whether it verifies, and what goes when it is too much."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from components.core.claims import Claims
from components.core.progress import Progress
from components.video.framestore.fidelity import Key
from components.video.framestore.file import FrameFile, NotTheseFramesError
from components.video.framestore.store import REFUSED, SUFFIX, FrameStore

GB = 10**9
SLACK = 0.05  # of what may be kept: so much more may lie there for a while


@dataclass
class Pruned:
    """Files and bytes that went (leftovers of killed processes among them) and that stayed."""

    gone: int = 0
    gone_bytes: int = 0
    kept: int = 0
    kept_bytes: int = 0

    def plain(self) -> dict[str, int]:
        """As JSON."""
        return asdict(self)


def prune(folder: Path, most_bytes: float) -> Pruned:
    """Delete the least recently used frames until at most `most_bytes` are left; refused files go first.

    A process that reads a file goes on reading it; one that wants it later decodes again.
    """
    done, total = Pruned(), 0
    for path in [*_left_over(folder), *folder.glob(f"??/*{REFUSED}")]:
        _delete(path, done)
    files = []
    for path in folder.glob(f"??/*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            about = path.stat()
            files.append((about.st_mtime_ns, path, about.st_size))
            total += about.st_size
    for _, path, size in sorted(files):
        if total > most_bytes:
            _delete(path, done)
            total -= size
        else:
            done.kept += 1
    done.kept_bytes = total
    return done


def settle(store: FrameStore) -> None:
    """Prune the folder where so much was written since the last time that it may be too much."""
    if store.written > SLACK * store.keep_bytes:
        prune(store.folder, store.keep_bytes)
        store.written = 0


def prune_video(folder: Path, video: str) -> Pruned:
    """Delete all frames of the video whose file has this SHA-256, at every fidelity."""
    done = Pruned()
    for path in folder.glob(f"??/*{SUFFIX}"):
        with contextlib.suppress(NotTheseFramesError):
            if key_in(path).video == video:
                _delete(path, done)
    return done


def _left_over(folder: Path) -> Iterator[Path]:
    """Half-written files that nobody is writing."""
    claims = Claims(folder)
    with contextlib.closing(claims):
        for path in folder.glob(f"??/.{'[0-9a-f]' * 64}.*"):
            name = path.name[1:65]
            if claims.take(name):
                yield path
                claims.give(name)


def _delete(path: Path, done: Pruned) -> None:
    with contextlib.suppress(FileNotFoundError):
        done.gone_bytes += path.stat().st_size
        path.unlink()
        done.gone += 1


def verify(store: FrameStore) -> tuple[int, list[str]]:
    """Check every picture of every file: how many files, and those that were refused and set aside."""
    paths = sorted(store.folder.glob(f"??/*{SUFFIX}"))
    progress, refused = Progress("verify", len(paths)), []
    for path in paths:
        try:
            key = key_in(path)
            if key.name != path.stem:
                raise NotTheseFramesError(f"its name should be {key.name}")
            FrameFile(path, key).check()
        except NotTheseFramesError as error:
            store.refuse(path, str(error))
            refused.append(str(path))
        progress.step()
    return len(paths), refused


def key_in(path: Path) -> Key:
    """What a file says it holds; NotTheseFramesError if it says nothing of the kind."""
    try:
        with pa.memory_map(str(path)) as source:
            said: dict[str, Any] = json.loads(pa.ipc.open_file(source).schema.metadata[b"frames"])
        return Key(**said)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise NotTheseFramesError(f"no whole file of frames ({error})") from None
