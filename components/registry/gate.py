"""The promotion gate: is the candidate shown to be not worse than the champion, group by group?

Non-inferiority: a group of tasks passes if the lower bound of the 95 % interval of candidate minus champion
is not below minus the margin. The README of this room says what that means when there are few points.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import read_json
from components.core.hashing import sha256_file
from components.registry.gate_champion import Champion
from components.registry.gate_checks import GateCheck, audit_check, verdict_checks
from components.registry.gate_groups import judge_group
from components.registry.gate_points import ROWS, Points, pair, parse_points
from components.registry.paired import DRAWS, LEVEL, SEED

PROMOTE, REFUSE = "promote", "refuse"
METHOD = {"name": "paired percentile bootstrap", "draws": DRAWS, "level": LEVEL, "seed": SEED}


def judge(
    candidate: Path,
    champion: Champion | None,
    *,
    margin: float,
    require_floors: bool,
    audit: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The object of gate.json (layout: this room's README).

    Args:
        candidate: a register product.
        champion: None before the first one: then the candidate's own checks decide.
        margin: percentage points above 0.
        require_floors: whether the candidate's floors count.
        audit: the object of `streamo audit --json`; None leaves the audit unchecked, and says so.

    Raises:
        DataError: the candidate is no register product, or its points cannot be compared with the champion's.
        UsageError: no margin above 0.

    """
    if margin <= 0:
        raise UsageError("registry.margin must be above 0: no number of points shows that nothing was lost")
    if not (candidate / "verdict.json").is_file():
        raise DataError(f"{candidate}: no verdict.json, so no register product; run `make reproduce` first")
    verdict = read_json(candidate / "verdict.json")
    checks = [*verdict_checks(verdict, require_floors=require_floors), audit_check(audit)]
    found: dict[str, Any] = {"reevaluated": False, "groups": {}}
    if champion is not None:
        points = candidate_points(candidate)
        checks.append(points_check(points, champion))
        if not checks[-1].against:
            found = compared(points, champion, margin)
    return {
        "schema": 1,
        **decide(checks, found["groups"], champion),
        "champion": champion.version if champion else None,
        "candidate": {
            "model": verdict["candidate"]["model"],
            "verdict": sha256_file(candidate / "verdict.json"),
        },
        "checks": [check.plain() for check in checks],
        "method": METHOD,
        **found,
    }


def candidate_points(candidate: Path) -> dict[str, Points]:
    """The points the candidate carries, by suite."""
    found = {}
    for suite in sorted(ROWS):
        path = candidate / "evaluation" / suite / "points.json"
        if path.is_file():
            found[suite] = parse_points(path.read_bytes(), suite, str(path))
    return found


def points_check(points: Mapping[str, Points], champion: Champion) -> GateCheck:
    """Whether the candidate was tested on everything the champion was tested on, and on anything at all.

    A corpus that lost its benchmark must not pass for want of points to compare.
    """
    with_points = {suite for suite, one in points.items() if one.rows}
    lost = [
        suite
        for suite in champion.suites()
        if suite not in with_points and ((stored := champion.stored(suite)) is None or stored.rows)
    ]
    why = "; ".join(one.skipped for one in points.values() if one.skipped)
    if lost or not with_points:
        detail = f"candidate without test points of suite {', '.join(lost) or 'ovo or validation'}"
        detail += f" ({why})" if why else ""
        return GateCheck("points", False, True, f"{detail}; reproduce evaluate and register, then ask again")
    counts = ", ".join(f"{suite} {len(points[suite].rows)}" for suite in sorted(with_points))
    return GateCheck("points", True, True, f"{counts}{f' ({why})' if why else ''}")


def compared(points: Mapping[str, Points], champion: Champion, margin: float) -> dict[str, Any]:
    """Groups of every suite; the champion is evaluated again where its points are of another held-out set."""
    own = {suite: one for suite, one in points.items() if one.rows}
    theirs = {suite: champion.stored(suite) for suite in own}
    stale = [suite for suite, one in theirs.items() if one is None or one.heldout != own[suite].heldout]
    fresh = champion.again(stale) if stale else {}
    groups: dict[str, Any] = {}
    for suite, ours in own.items():
        its = fresh.get(suite) or theirs[suite]
        if its is None or its.heldout != ours.heldout:
            raise DataError(
                f"suite {suite}: the candidate's points are not of this checkout's held-out set "
                f"({ours.heldout[:12]}); reproduce evaluate and register here, then ask again"
            )
        groups |= {group.name: judge_group(group, margin) for group in pair(ours, its)}
    return {"reevaluated": bool(stale), "reevaluated_suites": sorted(stale), "groups": groups}


def decide(
    checks: Sequence[GateCheck], groups: Mapping[str, Mapping[str, Any]], champion: Champion | None
) -> dict[str, Any]:
    """The decision, and every reason against it or, without one, for it."""
    against = [f"{check.name}: {check.detail}" for check in checks if check.against]
    against += [f"{name}: {group['reason']}" for name, group in groups.items() if not group["passed"]]
    if against:
        return {"decision": REFUSE, "reasons": against}
    if champion is None:
        return {
            "decision": PROMOTE,
            "reasons": ["there is no champion yet: the candidate's own checks decide"],
        }
    return {"decision": PROMOTE, "reasons": [f"{name}: {group['reason']}" for name, group in groups.items()]}
