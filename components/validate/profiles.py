"""Ratio profiles: the share of each state a turn table must show, by name (params `validate.profiles`)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
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
RATIO_FIELDS = (*LABELS, "tolerance")
FIELDS = (*RATIO_FIELDS, "task_tolerance")
GROUPS = ("tasks", "sources")  # optional: {name: a ratio of its own}


@dataclass(frozen=True)
class Ratio:
    """Expected share of each state (they sum to 1) and how far a group of turns may be off."""

    shares: dict[str, float]
    tolerance: float


@dataclass(frozen=True)
class Profile:
    """What the whole table, every task and some sources must show.

    A task that `tasks` does not name is held to the profile's own shares within `task_tolerance`; a source
    that `sources` does not name is not judged. `values` are the fields it was made of.
    """

    name: str
    whole: Ratio
    task_tolerance: float
    tasks: dict[str, Ratio] = field(default_factory=dict)
    sources: dict[str, Ratio] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def of_task(self, task: str) -> Ratio:
        """The ratio a task is held to."""
        return self.tasks.get(task, Ratio(self.whole.shares, self.task_tolerance))


def make_profile(name: str, values: Mapping[str, Any]) -> Profile:
    """Check one section of `validate.profiles`.

    Raises:
        UsageError: a field is missing, unknown or no share in [0, 1], or the shares do not sum to 1.

    """
    where = f"validate.profiles.{name}"
    whole = _ratio(where, values, FIELDS, GROUPS)
    groups: dict[str, dict[str, Ratio]] = {}
    for group in GROUPS:
        inner = values.get(group) or {}
        if not isinstance(inner, Mapping):
            raise UsageError(f"{where}.{group}: expected names with the fields {', '.join(RATIO_FIELDS)}")
        groups[group] = {
            str(key): _ratio(f"{where}.{group}.{key}", ratio, RATIO_FIELDS) for key, ratio in inner.items()
        }
    return Profile(name, whole, float(values["task_tolerance"]), **groups, values=dict(values))


def _ratio(where: str, values: Any, fields: Collection[str], optional: Collection[str] = ()) -> Ratio:
    if not isinstance(values, Mapping) or set(values) - set(optional) != set(fields):
        more = f" (and {', '.join(optional)})" if optional else ""
        raise UsageError(f"{where}: expected exactly the fields {', '.join(fields)}{more}")
    for name in fields:
        value = values[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise UsageError(f"{where}.{name}: expected a number from 0 to 1, got {value!r}")
    shares = {label: float(values[label]) for label in LABELS}
    if abs(sum(shares.values()) - 1) > 0.005:
        raise UsageError(f"{where}: the three shares sum to {sum(shares.values()):.4f}, expected 1")
    return Ratio(shares, float(values["tolerance"]))


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
