"""Compares `data/` with `data.dvc` before anything runs: DVC itself would accept what it finds."""

from pathlib import Path

import yaml

from components.core.errors import DataError, UsageError
from components.lineage.tree import DIR_SUFFIX, Ignore, Listing, dir_md5, listing, md5_file, parse_dir

NAMED = 10  # differing files that a message names


def pinned(dvc_file: Path) -> tuple[str, str]:
    """`(path relative to the .dvc file, md5)` of a pinned source; UsageError where there is no such pin."""
    try:
        entry = yaml.safe_load(dvc_file.read_text(encoding="utf-8"))["outs"][0]
        return str(entry["path"]), str(entry["md5"])
    except FileNotFoundError:
        raise UsageError(f"{dvc_file}: no pinned corpus here; pin yours with `dvc add data`") from None
    except (KeyError, IndexError, TypeError):
        raise DataError(f"{dvc_file}: no `outs` with `path` and `md5`; not written by DVC?") from None


def expected_listing(root: Path, md5: str, listing_file: Path) -> Listing | None:
    """What the pinned folder holds, from DVC's cache or from the committed `<name>.md5`, if either has it."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        cached = Path(repo.cache.local.path) / md5[:2] / md5[2:]
    if cached.is_file():
        found = parse_dir(cached.read_bytes(), str(cached))
        if dir_md5(found) == md5:
            return found
    if listing_file.is_file():
        found = read_md5_file(listing_file)
        if dir_md5(found) == md5:
            return found
    return None


def read_md5_file(path: Path) -> Listing:
    """A list as `md5sum` writes it (`<md5>  <path below the folder>`)."""
    rows = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {row[1]: row[0] for row in rows if len(row) == 2}


def differences(found: Listing, expected: Listing) -> list[str]:
    """One sentence a differing file, sorted by path."""
    said = []
    for path in sorted(found.keys() | expected.keys()):
        if path not in found:
            said.append(f"{path} is missing")
        elif path not in expected:
            said.append(f"{path} is not part of the pinned data")
        elif found[path] != expected[path]:
            said.append(f"{path} has other bytes (md5 {found[path]}, pinned {expected[path]})")
    return said


def verify_data(root: Path, dvc_file: Path) -> int:
    """Re-hash every byte below a pinned source; returns the number of files.

    Raises:
        DataError: it is missing or differs; the message names files where the pinned listing is at hand.
        UsageError: there is no such pin.

    """
    name, md5 = pinned(dvc_file)
    data = (dvc_file.parent / name).absolute().relative_to(root.absolute())
    mend = f"`make data` renders the embedded corpus; `dvc add {data}` accepts what is there as your new pin"
    if not (root / data).exists():
        raise DataError(f"{data}: missing, but pinned by {dvc_file.name}: {mend}")
    ignore = Ignore(root)
    if not md5.endswith(DIR_SUFFIX):
        if md5_file(root / data) != md5:
            raise DataError(f"{data}: not the file that {dvc_file.name} pins: {mend}")
        return 1
    found = listing(data, ignore)
    if dir_md5(found) == md5:
        return len(found)
    expected = expected_listing(root, md5, dvc_file.with_suffix(".md5"))
    if expected is None:
        raise DataError(f"{data}: {len(found)} files, not the ones that {dvc_file.name} pins: {mend}")
    said = differences(found, expected)
    more = f" and {len(said) - NAMED} more" if len(said) > NAMED else ""
    raise DataError(f"{data} differs from {dvc_file.name}: {'; '.join(said[:NAMED])}{more}: {mend}")
