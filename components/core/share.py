"""Bytes by name in a place that several machines reach: a folder, or a bucket. Nothing in it is ever trusted.

Kept answers (components/teacher) and frames (components/video) go from machine to machine through it. Which
place that is no stage declares: `shared` of params.yaml, or a worker's own STREAMO_SHARE, which wins.
Names are made of content hashes, so that writers cannot be at odds:

    share = shared(root)                        # None where nothing is shared
    share.get("answers/ab/ab12.json")           # bytes, None if nobody has put any
    share.get_file("frames/ab12.zip", path)     # False if nobody has; large files go in blocks
    share.create("frames/ab12.zip", path)       # bytes or a file, whole; False if the name is taken
    share.put("answers/ab/ab12.json", b"...")   # the same, over what is there

Whoever reads verifies what came, as if a stranger had written it. A place that does not do its part is a
StoreError (exit 3), never "there is nothing": a missing folder, a full disk, a bucket out of reach.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from components.core.errors import DataError, InternalError, UsageError
from components.core.git import main_tree
from components.core.params import load_all

KEY, VARIABLE = "shared", "STREAMO_SHARE"
S3 = "s3://"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")  # no path leads out, none is hidden
MOST, MOST_FILE = 64 * 2**20, 16 * 2**30  # bytes that anybody expects of one: else a stranger fills the disk


class TooLargeError(DataError):
    """What lies under a name is larger than what may lie there."""


class Share(Protocol):
    """The place. Every method raises StoreError where it does not do its part."""

    url: str

    def get(self, name: str, *, most: int = MOST) -> bytes | None:
        """What has that name, None if nothing does; TooLargeError beyond `most` bytes."""

    def get_file(self, name: str, path: Path, *, most: int = MOST_FILE) -> bool:
        """Write what has that name to `path`, whole by rename, in blocks; False if nothing does.

        Raises:
            TooLargeError: it has more than `most` bytes.

        """

    def create(self, name: str, data: bytes | Path) -> bool:
        """Give the name to these bytes, or to those of a file; False if it is taken. Whole or not at all."""

    def put(self, name: str, data: bytes | Path) -> None:
        """As `create`, but over what may be there."""


def checked(name: str) -> str:
    """The name itself; InternalError unless it is a relative path of plain lower-case parts."""
    if not NAME.fullmatch(name):
        raise InternalError(f"{name!r}: no name for a share; expected parts of a-z, 0-9, '.', '_', '-'")
    return name


def bounded(blocks: Iterable[bytes], most: int, where: str) -> Iterator[bytes]:
    """The blocks, as long as they are at most `most` bytes; TooLargeError names `where` they are from."""
    seen = 0
    for block in blocks:
        seen += len(block)
        if seen > most:
            raise TooLargeError(f"{where}: more than {most} bytes")
        yield block


def open_share(url: str) -> Share:
    """The share in a folder, which must exist when it is used, or at `s3://bucket/prefix`.

    Raises:
        UsageError: no bucket, or S3 settings of the environment that cannot be used.

    """
    if url.startswith(S3):
        from components.core.share_s3 import S3Share  # boto3 takes half a second to import

        return S3Share(url)
    from components.core.share_folder import FolderShare

    return FolderShare(Path(url))


def shared(root: Path = Path()) -> Share | None:
    """The share of the checkout at `root`; None where neither the environment nor params.yaml names one.

    Raises:
        UsageError: what names it is neither a folder nor `s3://bucket/prefix`.

    """
    if given := os.environ.get(VARIABLE):
        return open_share(place_of(given, root, VARIABLE))
    if not (root / "params.yaml").is_file():  # a judge's endpoint may be a file of its own, anywhere
        return None
    value = load_all(root).get(KEY)
    return None if value is None else open_share(place_of(value, root, f"params.yaml {KEY}"))


def place_of(value: object, root: Path, where: str) -> str:
    """`s3://...` as it is; a folder absolute, below the MAIN working tree, which linked worktrees share.

    Raises:
        UsageError: the value of the setting `where` is neither.

    """
    if not isinstance(value, str) or not value or ("://" in value and not value.startswith(S3)):
        raise UsageError(f"{where} is {value!r}, expected a folder or s3://bucket/prefix")
    if value.startswith(S3):
        return value
    path = Path(value).expanduser()
    return str(path if path.is_absolute() else main_tree(root) / path)
