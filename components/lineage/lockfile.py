"""Entries of dvc.lock: what one must be here, and whether one that another machine sent is that."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.core.errors import DataError, InternalError

Entry = dict[str, Any]  # `cmd`, `deps`, `params`, `outs`, as dvc.lock holds them
MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
OUT_KEYS = {"path", "hash", "md5", "size", "nfiles"}


@contextlib.contextmanager
def dvc_repo(root: Path) -> Iterator[Any]:
    """DVC's repository object at `root`, which waits for DVC's locks; its failures become DataError."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root), _wait_for_lock=True) as repo:
            yield repo
    except DvcException as error:
        raise DataError(f"{root}: DVC says: {error}") from error


def plain(value: Any) -> Any:
    """The same value in dicts, lists, strings and numbers only, as JSON can carry it."""
    return json.loads(json.dumps(value))


def read_entries(root: Path) -> dict[str, Entry]:
    """All entries of the checkout's dvc.lock; empty where there is none."""
    from dvc.utils.serialize import load_yaml  # DVC's YAML 1.2: PyYAML reads `1e-3` as a string

    path = root / "dvc.lock"
    stages: dict[str, Entry] = plain(load_yaml(str(path)).get("stages", {})) if path.is_file() else {}
    return stages


def put_entries(root: Path, entries: Mapping[str, Entry]) -> None:
    """Set entries of a dvc.lock that nobody else uses: the worktree of one job."""
    from dvc.utils.serialize import dump_yaml

    dump_yaml(str(root / "dvc.lock"), {"schema": "2.0", "stages": {**read_entries(root), **entries}})


def find_stage(repo: Any, address: str) -> Any:
    """DVC's object of one stage of dvc.yaml."""
    found = repo.stage.collect(address)
    if len(found) != 1:
        raise InternalError(f"{address}: DVC finds {len(found)} stages of that address, expected one")
    return found[0]


def expected_entry(repo: Any, address: str) -> Entry:
    """What the stage's entry must be if it runs now: `cmd`, `deps` and `params` as DVC takes them here.

    `outs` holds the paths only. Call under DVC's lock (`dvc.repo.lock_repo`).
    """
    from dvc.stage.serialize import to_single_stage_lockfile

    stage = find_stage(repo, address)
    stage.save_deps()
    entry = plain(to_single_stage_lockfile(stage))
    return {**entry, "outs": [str(out.def_path) for out in sorted(stage.outs, key=lambda o: str(o.def_path))]}


def check_inputs(address: str, answer: Any, expected: Entry) -> None:
    """Refuse an entry made by another command, from other inputs or with other parameters.

    Raises:
        DataError: names the first field that differs, what it says and what was expected.

    """
    if not isinstance(answer, dict):
        raise DataError(f"{address}: the entry is {type(answer).__name__}, expected a mapping")
    unknown = sorted(set(answer) - {"cmd", "deps", "params", "outs"})
    if unknown:
        raise DataError(f"{address}: the entry has a field `{unknown[0]}` that entries do not have")
    _same(f"{address}: cmd", answer.get("cmd"), expected.get("cmd"))
    deps = [_by_path(f"{address}: deps", side.get("deps", [])) for side in (answer, expected)]
    _same_keys(f"{address}: deps", *deps)
    for path, entry in deps[1].items():
        for key in sorted({*entry, *deps[0][path]}):
            _same(f"{address}: deps[{path}].{key}", deps[0][path].get(key), entry.get(key))
    _same(f"{address}: params", answer.get("params"), expected.get("params"))


def check_outs(address: str, answer: Entry, expected: Entry) -> None:
    """Refuse products that the stage does not have, or whose hash and size cannot be read.

    Raises:
        DataError: names the field.

    """
    outs = _by_path(f"{address}: outs", answer.get("outs", []))
    _same_keys(f"{address}: outs", outs, dict.fromkeys(expected["outs"]))
    for path, out in outs.items():
        where = f"{address}: outs[{path}]"
        if unknown := sorted(set(out) - OUT_KEYS):
            raise DataError(f"{where}: unknown field `{unknown[0]}`")
        if out.get("hash") != "md5" or not MD5.fullmatch(str(out.get("md5"))):
            raise DataError(f"{where}.md5: {out.get('md5')!r} is not an MD5 as DVC writes it")
        for key in ("size", *(["nfiles"] if str(out["md5"]).endswith(".dir") else [])):
            if type(out.get(key)) is not int or out[key] < 0:
                raise DataError(f"{where}.{key}: {out.get(key)!r} is not a count")


def _by_path(where: str, entries: Any) -> dict[str, Entry]:
    if not isinstance(entries, list) or any(not isinstance(e, dict) or "path" not in e for e in entries):
        raise DataError(f"{where}: expected a list of mappings with `path`")
    found = {str(entry["path"]): entry for entry in entries}
    if len(found) != len(entries):
        raise DataError(f"{where}: a path stands there twice")
    return found


def _same_keys(where: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if extra := sorted(found.keys() - expected.keys()):
        raise DataError(f"{where}: {extra[0]} is not one of the stage's ({', '.join(expected)})")
    if missing := sorted(expected.keys() - found.keys()):
        raise DataError(f"{where}: {missing[0]} is missing")


def _same(where: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise DataError(f"{where}: {found!r}, expected {expected!r}")
