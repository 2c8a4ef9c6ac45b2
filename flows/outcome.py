"""The one place that reads DVC's log: did a command run, was its result there already, why did it fail?"""

import re
from collections.abc import Iterable
from pathlib import Path

from components.core.errors import InternalError

COMPLETED = "Completed"  # the stage's command ran
CACHED = "Cached"  # skipped as unchanged, or restored from DVC's run cache


def outcome(lines: Iterable[str], address: str) -> str:
    """COMPLETED or CACHED from the log of a successful `dvc repro --single-item ADDRESS`.

    With `--dry`: what the command would do. What a dry run says of the run cache is passed over: it looks
    there with the inputs of dvc.lock, not with those of now.

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


SEE_LOG = re.compile(r"see (\S+\.log)")
EXIT = re.compile(r"ERROR: failed to reproduce .*exited with (\d+)$")
SAID = 20  # last lines of a stage that are repeated


def refusals(root: Path, lines: Iterable[str]) -> str | None:
    """What the failed stages of `flows.reproduce` in the checkout `root` said, if all refuse the data.

    A stage refuses the data by exit code 1 (docs/architecture.md); another code, a signal or a lost machine
    is no fault of the data: None.

    Args:
        root: the checkout; the flow's lines name log files relative to it.
        lines: what the flow printed.

    """
    logs = sorted(
        {name for line in lines if line.startswith("reproduce: ") for name in SEE_LOG.findall(line)}
    )
    said = []
    for name in logs:
        content = (root / name).read_text(encoding="utf-8").splitlines()
        exits = [match.group(1) for line in content if (match := EXIT.match(line.strip()))]
        if exits != ["1"]:
            return None
        own = [line.strip() for line in content if not line.startswith(("Running stage", "> ", "ERROR:"))]
        said.append(" | ".join(line for line in own[-SAID:] if line) or f"nothing, see {name}")
    return "; ".join(said) or None
