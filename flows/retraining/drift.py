"""Steps `features`, `drift` and `decide`: is the new data, or what the live service sees, another kind?"""

from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.lineage.graph import read_graph
from flows.outcome import refusals
from flows.retraining.begin import FEATURES
from flows.retraining.context import CommandError, Context, json_lines
from flows.retraining.decide import Facts, age_days, decide, tried
from flows.retraining.journal import outcomes

GATE = Path("artifacts/validation")  # of the data, made by the stage that stops bad data
Json = dict[str, Any]


def features(context: Context) -> Json:
    """Derived features of the new data, and its gate; both only where the data is new and was not tried."""
    forced = context.journal.parameters["reason"] == "forced"
    if not context.journal.need("fetch")["changed"] or (not forced and tried_before(context) is not None):
        return {"made": False, "gate_failed": None}
    graph = read_graph(context.worktree)
    makers = [graph.maker(path.as_posix()) for path in (FEATURES, GATE)]
    if None in makers:
        raise DataError(f"no stage of dvc.yaml makes {FEATURES} and {GATE}")
    targets = [node.address for node in makers if node is not None]
    return {"made": True, "gate_failed": reproduce_targets(context, "features", targets)}


def reproduce_targets(context: Context, name: str, targets: list[str]) -> str | None:
    """The flow `reproduce` in the worktree; returns what stages say of the data where they refuse it.

    Raises:
        CommandError: it failed for another reason: a lost process, a full disk; running again may help.

    """
    words = ["--targets", *targets] if targets else []
    try:
        context.python(name, "flows.reproduce", *words)
    except CommandError as failure:
        said = refusals(context.worktree, failure.finished.lines)
        if said is None:
            raise
        return said
    return None


def drift(context: Context) -> Json:
    """What `streamo drift` says of the new samples and videos, and of the session logs."""
    sessions = context.journal.parameters["sessions"]
    new = context.journal.need("features")
    if new["gate_failed"] is not None or not (new["made"] or sessions):
        return {"asked": False, "drifted": None, "found": [], "undecided": {}}
    words = ["--reference", str(context.journal.folder / "reference")]
    if new["made"]:
        words += ["--current", str(context.worktree / FEATURES), "--only-new"]
    if sessions:
        words += ["--sessions", *sessions]
    out = context.journal.folder / "drift"
    context.streamo("drift", "drift", *words, "--out", str(out), "--json")
    said = read_json(out / "drift.json")
    told = {key: said[key] for key in ("drifted", "rate", "found", "undecided")}
    return {"asked": True, "out": str(out), **told}


def choose(context: Context) -> Json:
    """Step `decide`."""
    journal = context.journal
    fetched, drifted = journal.need("fetch"), journal.need("drift")
    serving = champion(context)
    facts = Facts(
        reason=journal.parameters["reason"],
        changed=fetched["changed"],
        new_videos=len(fetched["videos"]),
        gate_failed=journal.need("features")["gate_failed"],
        drifted=sorted({entry["feature"] for entry in drifted["found"]}),
        champion_age_days=None if serving is None else age_days(serving["registered_at"], journal.started_at),
        tried=tried_before(context),
    )
    settings = journal.parameters["settings"]
    decision = decide(facts, min_new_videos=settings["min_new_videos"], max_age_days=settings["max_age_days"])
    context.say(f"decide: {decision.what}: {decision.why}")
    return {"what": decision.what, "why": decision.why, "champion": serving and serving["version"]}


def tried_before(context: Context) -> tuple[str, str] | None:
    """The earlier run that took this data on this base to a refusal."""
    base, data = context.journal.need("begin")["base"], context.journal.need("fetch")["after"]
    return tried(outcomes(context.root), base=base, data=data)


def versions(context: Context, name: str) -> list[Json]:
    """Every registered version, as `streamo versions --json` lists them."""
    return [dict(row) for row in json_lines(context.streamo(name, "versions", "--json"))]


def champion(context: Context) -> Json | None:
    """The serving version, None without one."""
    found = [row for row in versions(context, "versions") if row.get("stage") == "champion"]
    return found[-1] if found else None
