"""Every byte is read once and hashed twice: MD5 as DVC names it, SHA-256 as the receipts do."""

import hashlib
from pathlib import Path

from components.lineage.tree import Ignore, Listing

BLOCK = 1 << 20


class Hasher:
    """Digests of files from their bytes, remembered for the length of one audit.

    Attributes:
        files: number of files read.
        bytes: number of bytes read.

    """

    def __init__(self, root: Path):
        self.root = root.absolute()
        self.ignore = Ignore(root)
        self._known: dict[Path, tuple[str, str]] = {}
        self.bytes = 0

    @property
    def files(self) -> int:
        """Number of files read so far."""
        return len(self._known)

    def digests(self, path: Path) -> tuple[str, str]:
        """`(md5, sha256)` of one file."""
        path = path.absolute()
        if path not in self._known:
            md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
            with path.open("rb") as stream:
                while block := stream.read(BLOCK):
                    md5.update(block)
                    sha256.update(block)
                    self.bytes += len(block)
            self._known[path] = md5.hexdigest(), sha256.hexdigest()
        return self._known[path]

    def md5(self, path: Path) -> str:
        """MD5 of one file."""
        return self.digests(path)[0]

    def listing(self, folder: str) -> Listing:
        """POSIX path below a folder (relative to the root) -> MD5, of the files DVC sees there."""
        top = self.root / folder
        return {file.relative_to(top).as_posix(): self.md5(file) for file in self.ignore.files(Path(folder))}

    def tree(self, path: Path) -> dict[str, str]:
        """`sha256_tree` of core, each file read at most once."""
        if path.is_file():
            return {"": self.digests(path)[1]}
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return {file.relative_to(path).as_posix(): self.digests(file)[1] for file in files}
