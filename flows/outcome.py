"""The one place that reads DVC's log: did a stage's command run, or was its result there already?"""

from collections.abc import Iterable

from components.core.errors import InternalError

COMPLETED = "Completed"  # the stage's command ran
CACHED = "Cached"  # skipped as unchanged, or restored from DVC's run cache


def outcome(lines: Iterable[str], address: str) -> str:
    """COMPLETED or CACHED from the log of a successful `dvc repro --single-item ADDRESS`.

    Raises:
        InternalError: none of the sentences of the DVC version in pyproject.toml is there.

    """
    spoken = {line.strip() for line in lines}
    if f"Running stage '{address}':" in spoken:
        return COMPLETED
    unchanged = f"Stage '{address}' didn't change, skipping"
    restored = f"Stage '{address}' is cached - skipping run, checking out outputs"
    if unchanged in spoken or restored in spoken:
        return CACHED
    raise InternalError(f"DVC's log does not say whether {address} ran; was DVC updated past pyproject.toml?")
