"""Ratio profiles: the share of each state a turn table must show, by name (params `validate.profiles`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.core.errors import UsageError
from components.protocol.states import LABELS

# Paper, data section: silence : standby : response about 12 : 3 : 2.
PAPER: dict[str, float] = {
    "silence": 0.706,
    "standby": 0.176,
    "response": 0.118,
    "tolerance": 0.03,
    "task_tolerance": 1.0,
}
FIELDS = (*LABELS, "tolerance", "task_tolerance")


@dataclass(frozen=True)
class Profile:
    """Expected share of each state (they sum to 1) and how far a table, or one task of it, may be off."""

    name: str
    shares: dict[str, float]
    tolerance: float
    task_tolerance: float


def make_profile(name: str, values: Mapping[str, Any]) -> Profile:
    """Check one section of `validate.profiles`.

    Raises:
        UsageError: a field is missing, unknown or no share in [0, 1], or the shares do not sum to 1.

    """
    where = f"validate.profiles.{name}"
    if not isinstance(values, Mapping) or set(values) != set(FIELDS):
        raise UsageError(f"{where}: expected exactly the fields {', '.join(FIELDS)}")
    for field in FIELDS:
        value = values[field]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise UsageError(f"{where}.{field}: expected a number from 0 to 1, got {value!r}")
    shares = {label: float(values[label]) for label in LABELS}
    if abs(sum(shares.values()) - 1) > 0.005:
        raise UsageError(f"{where}: the three shares sum to {sum(shares.values()):.4f}, expected 1")
    return Profile(name, shares, float(values["tolerance"]), float(values["task_tolerance"]))


def choose_profile(name: str | None, section: Mapping[str, Any] | None) -> Profile:
    """The profile to use.

    Args:
        name: asked for on the command line, or None for the section's `ratio_profile`.
        section: the `validate` section of params.yaml, or None where there is no such file; then only the
            built-in `paper` profile is known.

    """
    profiles: Mapping[str, Any] = {"paper": PAPER}
    if section is not None:
        name = name or section.get("ratio_profile")
        profiles = section.get("profiles") or profiles
    name = name or "paper"
    if name not in profiles:
        known = ", ".join(sorted(profiles))
        raise UsageError(f"no ratio profile {name!r} in validate.profiles of params.yaml; known: {known}")
    return make_profile(name, profiles[name])
