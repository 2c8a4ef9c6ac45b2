"""Steps `notify` and `end`: the outcome of a run, from its journal alone, and what an operator does now."""

import shutil
from pathlib import Path
from typing import Any

from components.core.files import read_json
from flows.retraining import notify as webhook
from flows.retraining import worktree
from flows.retraining.context import Context
from flows.retraining.decide import NOTHING, RETRAIN
from flows.retraining.journal import OUTCOME, Journal

PROMOTED, REFUSED, FAILED = "promoted", "refused", "failed"
NAMED = 20  # clips a group
LEFT = ("prefect", "retrain")  # below the worktree's runs/: not taken over
Json = dict[str, Any]


def outcome(journal: Journal) -> Json:
    """The object of `outcome.json`."""
    decision, why, then = _verdict(journal)
    staged, drift = journal.result("stage"), journal.result("drift")
    fetched, began, made = (journal.result(step) for step in ("fetch", "begin", "commit"))
    return {
        "id": journal.id,
        "decision": decision,
        "reason": why,
        "version": staged and staged["version"],
        "commit": made and made["commit"],
        "base": began and began["base"],
        "data": fetched and fetched["after"],
        "new_videos": fetched["videos"] if fetched else [],
        "quarantined": fetched["quarantined"] if fetched else {},
        "gate": judged(journal),
        "drift": drift and {key: drift[key] for key in ("drifted", "found", "undecided")},
        "failed_at": failed_at(journal, decision),
        "next": then,
    }


def failed_at(journal: Journal, decision: str) -> str | None:
    """The step whose failure ended the run, None where it ended well."""
    if journal.rejected is not None:
        return str(journal.rejected["step"])
    return "decide" if decision == FAILED else None


def judged(journal: Journal) -> Json | None:
    """What the gate said, of each group the clips that lost most; all of them are in `gate.json`."""
    if journal.result("gate") is None:
        return None
    said: Json = read_json(Path(journal.need("gate")["file"]))
    groups = {
        name: {**group, "worse": group.get("worse", [])[:NAMED]} for name, group in said["groups"].items()
    }
    return {**said, "groups": groups}


def _verdict(journal: Journal) -> tuple[str, str, str]:
    """Decision, reason, and what an operator does now."""
    folder = journal.folder
    if rejected := journal.rejected:
        then = f"mend what the reason names and start a new run; logs in {folder / 'logs'}"
        return FAILED, f"{rejected['step']}: {rejected['why']}", then
    if (repeat := repeated(journal)) is not None:
        return NOTHING, repeat, "nothing to do"
    decided = journal.need("decide")
    if decided["what"] == FAILED:
        then = "mend the named rows at the source, then run again"
        return FAILED, decided["why"], f"{then}; the whole of what the gate said: {folder / 'logs'}"
    if decided["what"] != RETRAIN:
        return NOTHING, decided["why"], _after_nothing(journal)
    version, gate = journal.need("stage")["version"], journal.need("gate")
    if journal.need("branch")["moved"]:
        branch = journal.need("branch")["branch"]
        then = f"{version} serves; `git merge {branch}` takes its data and lock; back: `streamo rollback`"
        return PROMOTED, decided["why"], then
    then = f"read {gate['file']} (intervals, worse clips); the champion serves on; {version} is archived"
    return REFUSED, f"{decided['why']}; the gate refuses: {'; '.join(gate['reasons'])}", then


def repeated(journal: Journal) -> str | None:
    """Why nothing is left to do where the candidate is a version that is already registered."""
    made = journal.result("reproduce")
    if made is None or made["version"] is None:
        return None
    return f"the same data, parameters and code: the candidate is {made['version']} again, byte for byte"


def _after_nothing(journal: Journal) -> str:
    then = []
    if journal.need("drift")["drifted"]:
        then.append(f"look at the drift in {journal.need('drift')['out']}: data of that kind is missing")
    if journal.need("fetch")["quarantined"]:
        then.append(f"look at {journal.folder / 'quarantine.json'}: the source has what was refused")
    return "; ".join(then) or "nothing to do"


def notify(context: Context) -> Json:
    """Tell the webhook; a run that changed nothing and found no drift is not told."""
    found = outcome(context.journal)
    if found["decision"] == NOTHING and not (found["drift"] or {}).get("drifted"):
        return {"sent": False, "why": "nothing happened"}
    said = webhook.notify(found, context.journal.folder / "notify.started")
    context.say(f"notify: {'sent' if said['sent'] else said['why']}")
    return said


def end(context: Context) -> Json:
    """Keep the run records, remove the worktree, close the run."""
    journal, here = context.journal, context.worktree
    kept = journal.folder / "runs"
    kept.mkdir(exist_ok=True)
    for entry in sorted((here / "runs").glob("*")):
        if entry.name not in LEFT and not (kept / entry.name).exists():
            entry.replace(kept / entry.name)
    worktree.remove(context.root, here)
    shutil.rmtree(journal.folder / "incoming", ignore_errors=True)
    found = {**outcome(journal), "notified": journal.result("notify")}
    journal.close(found)
    context.say(f"retrain {journal.id}: {found['decision']}: {found['reason']}")
    context.say(f"next: {found['next']}; {journal.folder / OUTCOME}")
    return found
