"""What the gate asks of a candidate before any comparison: the gate of its data, its verdict, its audit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from components.core.errors import DataError

Json = Mapping[str, Any]
DATA_GATE = "gate_passed"
FLOORS = ("_above_controls", "_above_floor")  # endings of the checks against blind policies and controls


@dataclass(frozen=True)
class GateCheck:
    """`passed` is None where nothing was checked; a check that is not `required` only informs."""

    name: str
    passed: bool | None
    required: bool
    detail: str

    @property
    def against(self) -> bool:
        """Whether it refuses the candidate."""
        return self.required and self.passed is not True

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def verdict_checks(verdict: Json, *, require_floors: bool) -> list[GateCheck]:
    """The checks of the candidate's verdict.json: its data, its completeness, and its floors.

    Raises:
        DataError: the verdict does not say whether its data passed the gate.

    """
    checks = {str(check["name"]): check for check in verdict.get("checks", [])}
    if DATA_GATE not in checks:
        raise DataError(f"verdict.json: no check `{DATA_GATE}`; reproduce stage register (`make reproduce`)")
    floors = {name: check for name, check in checks.items() if name.endswith(FLOORS)}
    others = {name: check for name, check in checks.items() if name not in floors and name != DATA_GATE}
    unused = "" if require_floors else " (registry.require_floors is off: said, not required)"
    floor = joined("floors", floors, "no floor was checked")
    return [
        GateCheck("data_gate", bool(checks[DATA_GATE]["passed"]), True, str(checks[DATA_GATE]["detail"])),
        joined("verdict", others, "no other check"),
        GateCheck(floor.name, floor.passed, require_floors, floor.detail + unused),
    ]


def joined(name: str, checks: Mapping[str, Json], none: str) -> GateCheck:
    """Several checks as one: passed if all are; the detail names those that are against, else all."""
    if not checks:
        return GateCheck(name, None, True, none)
    failed = {key: check for key, check in checks.items() if not check["passed"]}
    detail = "; ".join(f"{key}: {check['detail']}" for key, check in sorted((failed or checks).items()))
    return GateCheck(name, not failed, True, detail)


def audit_check(report: Json | None) -> GateCheck:
    """What `streamo audit --json` said of the candidate's checkout."""
    if report is None:
        return GateCheck(
            "audit", None, False, "not checked: give the JSON of `streamo audit --json` as --audit"
        )
    if not isinstance(report.get("ok"), bool):
        raise DataError("--audit: no `ok` in it; give the object that `streamo audit --json` prints")
    findings = report.get("findings", [])
    first = f", first: {findings[0].get('path')}: {findings[0].get('detail')}" if findings else ""
    detail = "everything verifies" if report["ok"] else f"{len(findings)} findings{first}"
    return GateCheck("audit", report["ok"], True, detail)
