"""What dvc.lock and the .dvc files of one commit pin, with the listings of folders and the SHA-256 of files.

Paths resolve as DVC sees them: a product, something inside one, a folder that holds several products, or
files of the commit itself.
"""

from dataclasses import dataclass
from pathlib import Path

from components.audit.objects import Objects
from components.audit.pins import Pin
from components.core.errors import DataError
from components.core.hashing import sha256_tree
from components.lineage.tree import DIR_SUFFIX, Ignore, Listing, dir_md5, listing, md5_file, parse_dir

UNKNOWN = "?"  # stands for the SHA-256 of bytes that no place holds; the missing object is the finding


@dataclass(frozen=True)
class Product:
    """One pinned product.

    Attributes:
        pin: stage, path and MD5.
        files: path below the product -> MD5; `{"": md5}` for a file; None where its listing is not to be had.

    """

    pin: Pin
    files: Listing | None


class Locked:
    """The products of one commit and the git files beside them.

    Attributes:
        root: a checkout of the commit without products (`commit.checkout`).

    """

    def __init__(self, root: Path, pins: list[Pin], objects: Objects):
        self.root, self.objects = root, objects
        self.products = {pin.path: Product(pin, read_listing(pin, objects)) for pin in pins}
        self._ignore = Ignore(root)

    def product_of(self, path: str) -> Product | None:
        """The product that is `path` or holds it."""
        return next((p for out, p in self.products.items() if f"{path}/".startswith(f"{out}/")), None)

    def files(self, path: str) -> Listing | None:
        """`{path below: md5}` of a dependency; None where a listing it needs is not to be had.

        Raises:
            DataError: neither a product nor the commit has anything there.

        """
        holder = self.product_of(path)
        if holder is not None:
            return below(holder.files, path.removeprefix(holder.pin.path).lstrip("/"), path)
        inside = {out: p for out, p in self.products.items() if out.startswith(f"{path}/")}
        if inside:
            return merged({out.removeprefix(f"{path}/"): p.files for out, p in inside.items()})
        full = self.root / path
        if full.is_dir():
            return listing(Path(path), self._ignore)
        if not full.is_file():
            raise DataError(f"{path}: no stage of this commit makes it and the commit does not hold it")
        return {"": md5_file(full)}

    def of_commit(self, path: str) -> bool:
        """Whether a dependency is a file or folder of git, without any product in it."""
        apart = not any(out.startswith(f"{path}/") for out in self.products)
        return apart and self.product_of(path) is None and (self.root / path).exists()

    def md5(self, path: str) -> str | None:
        """DVC's hash of a dependency as this commit has it; None where it cannot be known."""
        files = self.files(path)
        if files is None:
            return None
        return files[""] if set(files) == {""} else dir_md5(files)

    def sha256(self, path: Path) -> dict[str, str]:
        """`{path below: SHA-256}` of a dependency below `root`, as `core.hashing.sha256_tree` gives it."""
        name = path.relative_to(self.root).as_posix()
        if self.of_commit(name):
            return sha256_tree(self.root / name)
        files = self.files(name) or {}
        return {file: self.objects.check(md5).sha256 or UNKNOWN for file, md5 in sorted(files.items())}

    def read(self, path: str) -> bytes | None:
        """The bytes of a file in a product, None if it has none or no place holds them."""
        holder = self.product_of(path)
        if holder is None or holder.files is None:
            return None
        md5 = holder.files.get(path.removeprefix(holder.pin.path).lstrip("/"))
        return None if md5 is None else self.objects.read(md5)


def read_listing(pin: Pin, objects: Objects) -> Listing | None:
    """The files of a pin, None where the folder's listing is missing or broken."""
    if not pin.md5.endswith(DIR_SUFFIX):
        return {"": pin.md5}
    data = objects.read(pin.md5)
    return None if data is None else parse_dir(data, f"object {pin.md5}")


def below(files: Listing | None, inner: str, path: str) -> Listing | None:
    """The part of a product's files at `inner` ("" for all of it)."""
    if files is None or not inner:
        return files
    if inner in files:
        return {"": files[inner]}
    part = {
        name.removeprefix(f"{inner}/"): md5 for name, md5 in files.items() if name.startswith(f"{inner}/")
    }
    if not part:
        raise DataError(f"{path}: not in the product of this commit that should hold it")
    return part


def merged(parts: dict[str, Listing | None]) -> Listing | None:
    """The listing of a folder that holds several products, None if one of theirs is unknown."""
    found: Listing = {}
    for inner, files in parts.items():
        if files is None:
            return None
        found.update({f"{inner}/{name}" if name else inner: md5 for name, md5 in files.items()})
    return found
