"""Steps `reproduce`, `audit` and `gate`: make the candidate, re-hash it, compare it with the champion."""

from typing import Any

from components.core.errors import DataError
from components.core.files import read_json, write_json
from flows.retraining.begin import LOCK, PIN, base_file
from flows.retraining.context import Context, RejectedError, json_object
from flows.retraining.drift import reproduce_targets, versions

PROMOTE = "promote"
AUDIT = "audit.json"
NAMED = 5  # findings that a message names
COMPARED = ("candidate", "champion", "difference", "interval", "margin", "passed", "reason")
Json = dict[str, Any]


def reproduce(context: Context) -> Json:
    """The whole DAG in the worktree.

    Raises:
        RejectedError: a stage refuses the data; the message repeats what it said.

    """
    said = reproduce_targets(context, "reproduce", [])
    if said is not None:
        raise RejectedError(f"a stage refuses the data: {said}")
    same = all((context.worktree / path).read_text() == base_file(context, path) for path in (PIN, LOCK))
    rows = versions(context, "versions") if same else []
    known = [row["version"] for row in rows if row["commit"] == _base(context)]
    return {"same": same, "version": known[0] if known else None}


def _base(context: Context) -> str:
    return str(context.journal.need("begin")["base"])


def audit(context: Context) -> Json:
    """Every byte of the worktree against its receipts; the whole answer lies in the run's `audit.json`.

    Raises:
        DataError: something does not verify; the run stays open until that is mended.

    """
    said = dict(json_object(context.streamo("audit", "audit", "--json", ok=(0, 1)), "streamo audit"))
    write_json(context.journal.folder / AUDIT, said)
    if not said["ok"]:
        named = "; ".join(
            f"{row['path']} ({row['kind']}): {row['detail']}" for row in said["findings"][:NAMED]
        )
        raise DataError(
            f"the audit finds {len(said['findings'])} things that do not verify: {named}; mend them in "
            f"{context.worktree} or in DVC's cache, then run again"
        )
    return {"ok": True, "counts": said.get("counts", {})}


def gate(context: Context) -> Json:
    """`streamo gate`: promote or refuse, with an interval a group; refusal is a result, not a failure."""
    out = context.journal.folder / "gate.json"
    out.unlink(missing_ok=True)
    words = ["--audit", str(context.journal.folder / AUDIT), "--out", str(out), "--json"]
    finished = context.streamo("gate", "gate", *words, ok=(0, 1))
    if not out.is_file():
        raise context.failed("gate", finished)
    said = read_json(out)
    groups = {
        name: {key: group.get(key) for key in COMPARED} for name, group in said.get("groups", {}).items()
    }
    told = {key: said.get(key) for key in ("decision", "champion", "reasons")}
    return {**told, "groups": groups, "file": str(out)}
