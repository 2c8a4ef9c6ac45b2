"""The gate: one verdict over a turn table, taken from the Great Expectations run."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from components.validate.profiles import Profile
from components.validate.rules import RULE_NAMES
from components.validate.shares import group_shares, state_shares
from components.validate.tables import Tables


@dataclass(frozen=True)
class Outcome:
    """What a gate run says: `result` is the public object of `streamo validate`, the others are per table."""

    result: dict[str, Any]
    expectations: dict[str, Any]
    gx_result: dict[str, Any]


def run_gate(
    tables: Tables, profile: Profile, *, without: Collection[str] = (), accepted: Profile | None = None
) -> Outcome:
    """Judge the tables.

    Args:
        tables: what to judge; a rule whose input is absent is listed as not checked and fails nothing.
        profile: the ratio profile.
        without: names of rules to leave out of the suite altogether (the fault tests remove one at a time).

        accepted: the last accepted table's shares (`accepted.accepted_profile`); None leaves drift unchecked.

    Raises:
        ValueError: a name in `without` is no rule.
        InternalError: an expectation raised instead of giving a verdict.

    """
    unknown = set(without) - set(RULE_NAMES)
    if unknown:
        raise ValueError(f"unknown rules {sorted(unknown)}; expected some of {', '.join(RULE_NAMES)}")
    from components.validate.suite import build_suites, run_suites  # imports Great Expectations

    suites = build_suites(tables, profile, without, accepted)
    gx_result = run_suites(tables, suites)
    checked = {
        item["expectation_config"]["kwargs"]["rule"]: _entry(item)
        for suite in gx_result.values()
        for item in suite["results"]
    }
    rules = {name: checked.get(name, _not_checked()) for name in RULE_NAMES if name not in without}
    result = {
        "success": all(suite["success"] for suite in gx_result.values()),
        "rows": len(tables.turns),
        "profile": profile.name,
        "shares": state_shares(tables.turns),
        "task_shares": group_shares(tables.turns, "task"),
        "source_shares": group_shares(tables.turns, "source") if "source" in tables.turns else {},
        "rules": rules,
    }
    return Outcome(result, {table: suite.to_json_dict() for table, suite in suites.items()}, gx_result)


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    found = item["result"]
    return {
        "passed": item["success"],
        "checked": True,
        "failed": found["unexpected_count"],
        "detail": "" if item["success"] else found["observed_value"],
        "examples": found["partial_unexpected_list"],
    }


def _not_checked() -> dict[str, Any]:
    return {
        "passed": None,
        "checked": False,
        "failed": 0,
        "detail": "not checked: its input (a file, or the profile's sources) was not given",
        "examples": [],
    }
