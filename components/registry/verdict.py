"""Fit to serve or not: every check with its reason, from numbers that other stages have written.

The candidate is judged alone: which version serves, and whether this one is better, is the gate's to say. A
refusal is a result, not a failure: the stage still ends well and says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Json = Mapping[str, Any]
CLAIMED_GROUPS = ("forward", "realtime")  # the groups on which a streaming model must beat every control
REGISTER, REFUSE = "register", "refuse"


@dataclass(frozen=True)
class Check:
    """One reason for or against; `detail` is a sentence for people."""

    name: str
    passed: bool
    detail: str


def gate_check(gate: Json) -> Check:
    """The data the model was trained on passed the gate."""
    failed = sorted(name for name, rule in gate["rules"].items() if rule["passed"] is False)
    detail = f"{gate['rows']} turns" if gate["success"] else f"failed rules: {', '.join(failed)}"
    return Check("gate_passed", bool(gate["success"]), detail)


def listed_check(name: str, missing: Sequence[str], complete: str) -> Check:
    """Nothing of a list is missing."""
    return Check(name, not missing, f"missing: {', '.join(missing)}" if missing else complete)


def candidate_scores(results: Json) -> dict[str, Any]:
    """The served model's scores with intervals."""
    entry = results["models"][results["served"]["model"]]
    validation = entry["validation"]
    groups = {}
    if entry["ovo"]:
        cells = entry["ovo"][results["column"]]["comparison"]
        groups = {name: cell for name, cell in cells.items() if cell["accuracy"] is not None}
    return {
        "column": results["column"] if entry["ovo"] else None,
        "groups": groups,
        "macro_f1": {"accuracy": validation["macro_f1"], "interval": validation["macro_f1_interval"]},
    }


def floor_checks(scores: Json, validation: Json) -> list[Check]:
    """Lower bounds above every control on the claimed groups; without a test set, above constant states."""
    claimed = [name for name in CLAIMED_GROUPS if name in scores["groups"]]
    if claimed:
        return [group_check(name, scores["groups"][name]) for name in claimed]
    floor = constant_floor(validation["confusion"])
    lower = scores["macro_f1"]["interval"][0]
    detail = f"lower bound {lower} of macro F1 on the validation split, best constant state {floor}"
    return [Check("validation_above_floor", lower > floor, detail)]


def group_check(name: str, cell: Json) -> Check:
    """The lower 95 % bound of one group against its rivals."""
    rivals = ", ".join(f"{rival} {value}" for rival, value in cell["rivals"].items())
    detail = f"lower bound {cell['interval'][0]} of {cell['accuracy']}; {rivals}"
    return Check(f"{name}_above_controls", bool(cell["exceeds"]), detail)


def constant_floor(confusion: Mapping[str, Mapping[str, int]]) -> float:
    """The best macro F1 in percent of a policy that always says one state (a third of that state's F1)."""
    turns = {state: sum(said.values()) for state, said in confusion.items()}
    whole = sum(turns.values())
    return round(max(100 * 2 * count / (count + whole) for count in turns.values()) / len(turns), 2)


def decide(checks: Sequence[Check]) -> dict[str, Any]:
    """The decision with the names and reasons of the checks that stand against it."""
    against = [check for check in checks if not check.passed]
    return {
        "decision": REFUSE if against else REGISTER,
        "reasons": [f"{check.name}: {check.detail}" for check in (against or checks)],
        "checks": [asdict(check) for check in checks],
    }
