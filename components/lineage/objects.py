"""Objects of the DVC remote, re-hashed as they arrive: DVC itself serves a corrupted object silently."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from components.core.errors import DataError
from components.lineage.lockfile import Entry
from components.lineage.tree import DIR_SUFFIX, md5_file, parse_dir

AT_ONCE = 8  # objects in flight
NO_REMOTE = (
    "no default DVC remote, through which machines exchange data: `dvc remote add --default NAME URL`, "
    "the same storage on every machine"
)


def remote_store(repo: Any) -> Any:
    """The object store of the default remote of a `dvc.repo.Repo`.

    Raises:
        DataError: there is none.

    """
    from dvc.config import NoRemoteError

    try:
        return repo.cloud.get_remote_odb(None, "fetch")
    except NoRemoteError:
        raise DataError(NO_REMOTE) from None


def fetch_object(store: Any, md5: str, to: Path) -> None:
    """Bring one object to the file `to`.

    Raises:
        DataError: the remote has no such object, or its bytes have another hash.

    """
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.fs.get_file(store.oid_to_path(md5), str(to))
    except FileNotFoundError:
        raise DataError(f"the DVC remote has no object {md5}") from None
    found = md5_file(to)
    if found != md5.removesuffix(DIR_SUFFIX):
        raise DataError(f"the bytes of object {md5} in the DVC remote have the MD5 {found}: it is damaged")


def fetch_out(store: Any, out: Entry, into: Path) -> None:
    """Bring the product that a dvc.lock entry describes to `into`, a path that does not exist yet.

    Raises:
        DataError: an object is missing or damaged, a path of its listing leads out of the product, or size
            and number of files are not those of the entry.

    """
    md5 = str(out["md5"])
    if not md5.endswith(DIR_SUFFIX):
        fetch_object(store, md5, into)
        _check_count(out, "size", into.stat().st_size)
        return
    note = into.with_name(f"{into.name}.listing")
    fetch_object(store, md5, note)
    files = parse_dir(note.read_bytes(), f"{out['path']} ({md5})")
    note.unlink()
    check_paths(str(out["path"]), files)
    _check_count(out, "nfiles", len(files))
    into.mkdir()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda path: fetch_object(store, files[path], into / path), sorted(files)))
    _check_count(out, "size", sum((into / path).stat().st_size for path in files))


def check_paths(name: str, files: Iterable[str]) -> None:
    """Refuse a listing with a path that is not plainly below its folder, or a file that is a folder too."""
    known = set(files)
    for path in sorted(known):
        parts = path.split("/")
        if not path or {"", ".", ".."} & set(parts) or "\0" in path:
            raise DataError(f"{name}: its listing holds {path!r}, which leads out of the folder")
        parents = {str(parent) for parent in PurePosixPath(path).parents}
        if inside := sorted(parents & known):
            raise DataError(f"{name}: its listing holds {inside[0]!r} both as a file and as a folder")


def _check_count(out: Entry, key: str, found: int) -> None:
    if out[key] != found:
        raise DataError(f"outs[{out['path']}].{key}: {out[key]}, but the bytes say {found}")
