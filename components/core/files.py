"""Files appear whole or not at all: write beside the target, flush to disk, rename."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from components.core.errors import DataError

BLOCK = 2**20


def dumps(value: Any, *, indent: int | None = 1) -> str:
    """Deterministic JSON: sorted keys, UTF-8, no NaN, a newline at the end."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent) + "\n"


def read_json(path: Path) -> Any:
    """Parse a JSON file; a missing or broken one is a DataError that names the file and the place."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))  # some editors begin with a mark
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:  # ValueError: syntax, encoding, a number of 4,301 digits
        raise DataError(f"{path}: not valid JSON ({error})") from None


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` by rename, so that a reader sees the old file or the whole new one."""
    write_blocks(path, [data])


def write_blocks(path: Path, data: Iterable[bytes]) -> None:
    """`write_bytes` for what does not fit into memory, block by block."""
    with written_beside(Path(path), data) as whole:
        whole.replace(path)


@contextlib.contextmanager
def written_beside(path: Path, data: Iterable[bytes]) -> Iterator[Path]:
    """A hidden file beside `path` with these blocks, on disk: to be renamed or linked, else it goes away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name.lstrip('.')}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            for block in data:
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        yield Path(temporary)
    finally:
        Path(temporary).unlink(missing_ok=True)


def in_blocks(data: bytes | Path) -> Iterator[bytes]:
    """Bytes as they are, a file in blocks of a mebibyte."""
    if isinstance(data, bytes):
        yield data
        return
    with data.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def write_text(path: Path, text: str) -> None:
    """`write_bytes` for UTF-8 text."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """`write_text` of `dumps(value)`."""
    write_text(path, dumps(value))


def publish_dir(scratch: Path, final: Path) -> None:
    """Move a finished folder to its place by rename; an older one goes beside `scratch`, then is deleted."""
    final.parent.mkdir(parents=True, exist_ok=True)
    old = scratch.with_name(f"{scratch.name}.old")
    if final.exists():
        final.replace(old)
    scratch.replace(final)
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def new_dir(final: Path, *, scratch_root: Path | None = None) -> Iterator[Path]:
    """A scratch folder that becomes `final` when the block ends well, and is removed when not.

    It lies in `scratch_root` (same file system; default: beside `final`). What a killed process leaves behind
    stays there, so the default is wrong where somebody hashes the parent folder of `final`.
    """
    final = Path(final)
    parent = scratch_root or final.parent
    parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=parent, prefix=f".{final.name}.new-"))
    scratch.chmod(0o755)
    try:
        yield scratch
        publish_dir(scratch, final)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
