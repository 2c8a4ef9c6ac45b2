"""One commit of the repository: what its tag says, its files, a scratch checkout of it without products."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.core.errors import DataError
from components.core.git import git, git_bytes


def tag_commit(root: Path, tag: str) -> str | None:
    """The commit a tag points to, None where there is no such tag."""
    try:
        return git(root, "rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}")
    except DataError:
        return None


def tag_trailer(root: Path, tag: str, key: str) -> str | None:
    """The value of a `Key: value` line in a tag's message, None where it has none."""
    message = git(root, "for-each-ref", "--format=%(contents)", f"refs/tags/{tag}")
    values = [line.partition(":")[2].strip() for line in message.splitlines() if line.startswith(f"{key}:")]
    return values[-1] if values else None


def has_commit(root: Path, commit: str) -> bool:
    """Whether the repository holds this commit."""
    try:
        return git(root, "cat-file", "-t", commit) == "commit"
    except DataError:
        return False


def show(root: Path, commit: str, path: str) -> bytes | None:
    """The bytes of a file as the commit has it, None where it has none."""
    try:
        return git_bytes(root, "cat-file", "blob", f"{commit}:{path}")
    except DataError:
        return None


@contextmanager
def checkout(root: Path, commit: str) -> Iterator[Path]:
    """A scratch clone at `commit` that borrows the repository's git objects; gone with the block.

    The graph, the params, the code and DVC's ignore rules of the commit are then read by the code that reads
    those of a workspace. Products are never put there: they are read from DVC's objects.
    """
    with tempfile.TemporaryDirectory(prefix="streamo-audit-") as scratch:
        clone = Path(scratch) / "commit"
        options = ["--quiet", "--shared", "--no-checkout", "--no-tags", "--config", "core.autocrlf=false"]
        git(root, "clone", *options, str(root.absolute()), str(clone))
        git(clone, "checkout", "--quiet", "--detach", commit)
        yield clone
