"""The last accepted table as a ratio profile: how far the state shares may have moved since.

What moves otherwise (which tasks and sources there are, lengths, looks, answers) is told by `streamo drift`.
"""

from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import read_json
from components.protocol.states import LABELS
from components.validate.profiles import Profile, make_profile

TOLERANCE = 0.03
ROUNDED = 1e-6  # a result holds shares to six digits


def accepted_profile(path: Path, tolerance: float = TOLERANCE) -> Profile:
    """The shares in a result of the gate, overall and of each task and source, within `tolerance`.

    A task or source that the accepted table did not have is not judged.

    Raises:
        UsageError: the tolerance is not from 0 to 1.
        DataError: the file is no result of a gate that passed.

    """
    if not 0 <= tolerance <= 1:
        raise UsageError(f"the tolerance of accepted shares is {tolerance}; expected a number from 0 to 1")
    result = read_json(path)
    try:
        if result["success"] is not True:
            raise DataError(f"{path}: this gate did not pass; name the result of an accepted table")
        groups = {"tasks": result["task_shares"], "sources": result.get("source_shares", {})}
        values = _ratio(result["shares"], tolerance) | {"task_tolerance": 1.0}
        for group, shares in groups.items():
            values[group] = {name: _ratio(of_group, tolerance) for name, of_group in sorted(shares.items())}
        return make_profile("accepted", values)
    except (KeyError, TypeError, AttributeError, UsageError) as error:
        raise DataError(f"{path}: not a result of `streamo validate` ({error!r})") from None


def _ratio(shares: dict[str, float], tolerance: float) -> dict[str, Any]:
    return {**{label: shares[label] for label in LABELS}, "tolerance": min(1.0, tolerance + ROUNDED)}
