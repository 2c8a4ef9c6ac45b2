"""Step `fetch`: new files of the source into the worktree's `data/`, and the pin of what is there then."""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from components.core.files import write_json
from components.core.hashing import sha256_file
from components.lineage.tree import Listing, dir_md5
from components.lineage.verify import expected_listing, pinned, read_md5_file
from flows.retraining.begin import LISTING, PIN
from flows.retraining.context import Context, RejectedError
from flows.retraining.settings import IMPORT
from flows.retraining.sources import open_source
from flows.retraining.staging import SNAPSHOT, place, stage_source

MEDIA = "media/"
Json = dict[str, Any]


def fetch(context: Context) -> Json:
    """Add what is new; returns counts, the new videos and the pins before and after.

    Raises:
        RejectedError: the source is missing, broken, or does not fit the way this data is pinned.

    """
    source = context.journal.parameters["source"]
    if source is None:
        return summary(context, {"files": 0, "present": 0, "rows": {}, "videos": [], "quarantine": []})
    imported = is_import(context.worktree / PIN)
    if imported != (source == IMPORT):
        raise RejectedError(
            f"{PIN} is an import: use `--source import`"
            if imported
            else f"{PIN} is no import: name a folder or s3://"
        )
    found = update(context) if imported else add(context, source)
    return summary(context, found)


def is_import(pin: Path) -> bool:
    """Whether a .dvc file was written by `dvc import` or `dvc import-url`."""
    return bool(yaml.safe_load(pin.read_text(encoding="utf-8")).get("deps"))


def add(context: Context, source: str) -> Json:
    """Stage the source, place the new files, pin the result."""
    incoming = context.journal.folder / "incoming"
    data = context.worktree / pinned(context.worktree / PIN)[0]
    snapshot = stage_source(lambda: open_source(source), data, incoming)
    if snapshot["place"]:
        place(incoming, data, snapshot["place"])
        context.dvc("add", "add", data.relative_to(context.worktree).as_posix())
        list_data(context)
    kept = context.journal.folder / SNAPSHOT
    write_json(kept, snapshot)
    return {**snapshot, "snapshot": sha256_file(kept)}


def update(context: Context) -> Json:
    """`dvc update` of an import; a video that was there must have kept its bytes."""
    before = base_listing(context)
    context.dvc("update", "update", str(PIN))
    list_data(context)
    after = read_md5_file(context.worktree / LISTING)
    changed = sorted(
        path for path in before if path.startswith(MEDIA) and after.get(path) not in {before[path], None}
    )
    if changed:
        raise RejectedError(
            f"the import has other bytes under known names: {', '.join(changed[:10])}; a video_id names "
            "bytes: publish them there under new names"
        )
    new = sorted(path.removeprefix(MEDIA) for path in after if path.startswith(MEDIA) and path not in before)
    return {"files": len(after), "present": len(after.keys() & before.keys()), "rows": {}, "videos": new,
            "quarantine": [], "gone": sorted(before.keys() - after.keys())}  # fmt: skip


def base_listing(context: Context) -> Listing:
    """Path -> MD5 of the base's data."""
    md5 = context.journal.need("begin")["data"]
    found = expected_listing(context.worktree, md5, context.worktree / LISTING)
    if found is None:
        raise RejectedError(
            f"no listing of what {PIN} of the base pins ({md5}): `dvc fetch {PIN}`, run again"
        )
    return found


def list_data(context: Context) -> None:
    """Write `data.md5` from the bytes and compare it with what DVC has just pinned.

    Raises:
        RejectedError: the data changed while it was pinned.

    """
    context.python("list-data", "components.lineage", "list-data")
    md5 = pinned(context.worktree / PIN)[1]
    if dir_md5(read_md5_file(context.worktree / LISTING)) != md5:
        raise RejectedError(f"the worktree's data is not what its {PIN} pins ({md5}): who else writes there?")


def summary(context: Context, found: Json) -> Json:
    """The step's result; the quarantine as a file beside the journal."""
    write_json(context.journal.folder / "quarantine.json", found["quarantine"])
    before, after = context.journal.need("begin")["data"], pinned(context.worktree / PIN)[1]
    refused = dict(sorted(Counter(row["reason"] for row in found["quarantine"]).items()))
    context.say(
        f"fetch: {found['files']} files at the source, {len(found['videos'])} new videos, "
        f"{found['present']} there already, refused: {refused or 'none'}"
    )
    kept = {key: value for key, value in found.items() if key not in {"place", "quarantine"}}
    return {**kept, "before": before, "after": after, "changed": before != after, "quarantined": refused}
