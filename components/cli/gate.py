"""`streamo gate [CANDIDATE]`: is the candidate shown to be not worse than the champion?"""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from components.core.files import dumps, read_json, write_json

SHOWN = 10  # worse clips of a group on the terminal; gate.json has all


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "gate",
        help="is the candidate not worse than the champion, group by group",
        description="Compare a candidate with the champion on the same test points. Exit 1 refuses.",
    )
    parser.add_argument(
        "candidate",
        nargs="?",
        default="artifacts/register",
        metavar="CANDIDATE",
        help="a register product (default artifacts/register) or a version",
    )
    parser.add_argument("--champion", metavar="V", help="compare with this version (default: the champion)")
    parser.add_argument("--audit", type=Path, metavar="FILE", help="what `streamo audit --json` printed")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write gate.json here")
    parser.add_argument("--json", action="store_true", help="print gate.json instead of lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 promote, 1 refuse."""
    from components.registry.gate import PROMOTE, judge
    from components.registry.gate_champion import Champion
    from components.registry.settings import read_settings
    from components.registry.store import open_store
    from components.registry.versions import champion

    root = Path()
    settings = read_settings(root)
    audit = read_json(args.audit) if args.audit else None
    serving = champion(root)
    version = args.champion or (serving.version if serving else None)
    store = open_store(settings.store)
    rival = Champion(version, store, root) if version else None
    is_version = not Path(args.candidate).exists() and args.candidate in store.versions()
    given = (
        Champion(args.candidate, store, root).product() if is_version else nullcontext(Path(args.candidate))
    )
    with given as folder:
        gate = judge(
            folder, rival, margin=settings.margin, require_floors=settings.require_floors, audit=audit
        )
    if args.out:
        write_json(args.out, gate)
    print(dumps(gate, indent=None) if args.json else told(gate), end="")
    return 0 if gate["decision"] == PROMOTE else 1


def told(gate: dict[str, Any]) -> str:
    """Checks, groups with their worse clips, and the decision last."""
    lines = [f"{MARKS[check['passed']]:12} {check['name']}: {check['detail']}" for check in gate["checks"]]
    if gate["reevaluated"]:
        suites = ", ".join(gate["reevaluated_suites"])
        lines.append(f"{'evaluated':12} {gate['champion']} again: the held-out set of {suites} has changed")
    for name, group in gate["groups"].items():
        scores = f"{group['candidate']} (champion {group['champion']})"
        lines.append(f"{MARKS[group['passed']]:12} {name}: {scores}: {group['reason']}")
        lines += worse_lines(group) if not group["passed"] else []
    against = f" against {gate['champion']}" if gate["champion"] else ""
    lines.append(f"{gate['decision']}: {gate['candidate']['model']}{against}")
    if not gate["groups"]:
        lines += [f"  {reason}" for reason in gate["reasons"]]
    return "\n".join(lines) + "\n"


MARKS = {True: "passed", False: "FAILED", None: "not checked"}


def worse_lines(group: dict[str, Any]) -> list[str]:
    """The clips that lost most."""
    worse = group["worse"]
    rows = [
        f"{'':12}   {row['video_id']} {row['task']}: {row['candidate']} (champion {row['champion']})"
        for row in worse[:SHOWN]
    ]
    more = len(worse) - SHOWN
    return [*rows, f"{'':12}   and {more} more clips, see --json"] if more > 0 else rows
