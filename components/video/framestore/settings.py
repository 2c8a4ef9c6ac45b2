"""Section `frames` of params.yaml: where frames are kept. No stage declares it: it changes no product."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from components.core.errors import UsageError
from components.core.git import main_tree
from components.core.params import load_all
from components.core.share import shared
from components.video.framestore.keep import GB
from components.video.framestore.store import FrameStore

SECTION = "frames"
WHERE = f"params.yaml {SECTION}"
FOLDER, KEEP_GB = "runs/frames", 50.0  # of a params.yaml without the section


@dataclass(frozen=True)
class Settings:
    """Where frames are kept.

    Attributes:
        folder: relative to the MAIN working tree; None keeps them for one run only.
        keep_gb: above so many gigabytes (1e9 bytes) the least recently used go.

    """

    folder: str | None = FOLDER
    keep_gb: float = KEEP_GB


def read_settings(root: Path = Path()) -> Settings:
    """The section of the checkout at `root`; the defaults where it is not there.

    Raises:
        UsageError: an unknown key or a value that is none.

    """
    section: Any = load_all(root).get(SECTION, {})
    if not isinstance(section, dict) or not set(section) <= {"folder", "keep_gb"}:
        raise UsageError(f"{WHERE}: expected the keys folder and keep_gb, found {section!r:.80}")
    found = Settings(**section)
    if found.folder is not None and (not isinstance(found.folder, str) or not found.folder):
        raise UsageError(f"{WHERE}.folder: {found.folder!r}, expected a folder, or null for none")
    number = isinstance(found.keep_gb, int | float) and not isinstance(found.keep_gb, bool)
    if not number or not found.keep_gb >= 0:
        raise UsageError(f"{WHERE}.keep_gb: {found.keep_gb!r}, expected a number from 0 on")
    return found


def kept_store(root: Path = Path()) -> FrameStore:
    """The store of the checkout at `root`; UsageError where its params.yaml says that none is kept."""
    settings = read_settings(root)
    if settings.folder is None:
        raise UsageError(f"{WHERE}.folder is null: no frames are kept; name a folder, e.g. {FOLDER}")
    folder = main_tree(root) / settings.folder
    return FrameStore(folder, shared(root), keep_bytes=settings.keep_gb * GB)


@contextmanager
def open_store(root: Path = Path()) -> Iterator[FrameStore]:
    """The store of the checkout at `root`, or one that goes as the block ends."""
    if read_settings(root).folder is not None:
        yield kept_store(root)
        return
    with TemporaryDirectory(prefix="streamo-frames-") as temporary:
        yield FrameStore(Path(temporary), shared(root))
