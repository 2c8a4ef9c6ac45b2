"""DVC's objects, re-hashed from the bytes in every place that may hold them: local cache and remotes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.progress import track
from components.lineage.tree import DIR_SUFFIX

BLOCK = 1 << 20
WORKERS = 8
CACHE = "the local cache"
Reader = Callable[[str], Iterator[bytes]]  # MD5 name -> blocks; FileNotFoundError if it is not there


@dataclass(frozen=True)
class Place:
    """One place that holds objects by their MD5."""

    name: str
    read: Reader
    location: Callable[[str], str]  # MD5 name -> path or address, for people


@dataclass(frozen=True)
class Held:
    """What was found of one object.

    Attributes:
        md5: its name.
        sha256: of the bytes that are what the name says, None if no place has such.
        good: places with the right bytes.
        bad: places whose copy has other bytes.

    """

    md5: str
    sha256: str | None
    good: tuple[str, ...]
    bad: tuple[str, ...]


class Objects:
    """The objects of one repository, each read at most once from each place.

    Attributes:
        bytes: number of bytes read.

    """

    def __init__(self, places: list[Place]):
        self.places = places
        self.bytes = 0
        self._known: dict[str, Held] = {}

    def __len__(self) -> int:
        return len(self._known)

    def check(self, md5: str) -> Held:
        """Read the object in every place."""
        self.check_all([md5])
        return self._known[md5]

    def check_all(self, names: Iterable[str]) -> None:
        """Read many objects, several at once: over a network each one costs a round trip."""
        left = [name for name in dict.fromkeys(names) if name not in self._known]
        if len(left) == 1:
            found = [self._check(left[0])]
        else:
            with ThreadPoolExecutor(WORKERS) as pool:
                # One more than there are: `track` prints its last step, a short audit should say nothing.
                found = list(track(pool.map(self._check, left), "objects", len(left) + 1))
        for held, size in found:
            self._known[held.md5] = held
            self.bytes += size

    def locations(self, md5: str) -> list[str]:
        """Where copies of the object lie, right ones and others."""
        held = self.check(md5)
        return [place.location(md5) for place in self.places if place.name in (*held.good, *held.bad)]

    def read(self, md5: str) -> bytes | None:
        """The right bytes of the object, None if no place has them."""
        held = self.check(md5)
        place = next((place for place in self.places if place.name in held.good), None)
        return None if place is None else b"".join(place.read(md5))

    def only_local(self) -> int:
        """Number of objects that were found right in the local cache and in no remote."""
        return sum(held.good == (CACHE,) for held in self._known.values())

    def _check(self, name: str) -> tuple[Held, int]:
        wanted, good, bad, known, size = name.removesuffix(DIR_SUFFIX), [], [], None, 0
        for place in self.places:
            md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
            try:
                for block in place.read(name):
                    size += len(block)
                    md5.update(block)
                    sha256.update(block)
            except FileNotFoundError:
                continue
            if md5.hexdigest() == wanted:
                good.append(place.name)
                known = sha256.hexdigest()
            else:
                bad.append(place.name)
        return Held(name, known, tuple(good), tuple(bad)), size


@contextmanager
def open_objects(root: Path, *, offline: bool) -> Iterator[Objects]:
    """The local cache and, unless `offline`, every remote of the checkout's DVC settings.

    Raises:
        DataError: a remote cannot be opened.

    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        places = [odb_place(CACHE, repo.cache.local)]
        for name in [] if offline else sorted(repo.config["remote"]):
            try:
                places.append(odb_place(f"remote {name}", repo.cloud.get_remote_odb(name)))
            except (DvcException, OSError) as error:
                raise DataError(f"DVC remote {name}: {error}; `--offline` audits what is here") from None
        yield Objects(places)


def odb_place(name: str, odb: Any) -> Place:
    """A place over one of DVC's object databases: a folder, S3, whatever DVC itself can read."""
    from botocore.exceptions import BotoCoreError

    def read(md5: str) -> Iterator[bytes]:
        try:
            with odb.fs.open(odb.oid_to_path(md5), "rb") as stream:
                while block := stream.read(BLOCK):
                    yield block
        except FileNotFoundError:
            raise
        except (
            OSError,
            BotoCoreError,
        ) as error:  # S3: a refusal is an OSError, a dead endpoint is botocore's
            raise DataError(
                f"{name}: {md5} cannot be read ({error}); mend the access, or `--offline` audits what is here"
            ) from None

    return Place(name, read, lambda md5: str(odb.fs.unstrip_protocol(odb.oid_to_path(md5))))
