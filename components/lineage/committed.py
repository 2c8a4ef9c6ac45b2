"""Does a checkout hold exactly what its commit says, so that another machine can have the same code?"""

from collections.abc import Sequence
from pathlib import Path

from components.core.errors import DataError
from components.core.git import git

NAMED = 5  # files that a message names


def local_changes(root: Path, code: Sequence[str]) -> list[str]:
    """Files by which this checkout differs from its commit, so that another machine could not have them.

    dvc.lock and the pins of data (`*.dvc` with their listing `*.md5`) travel with a job and do not count.
    Untracked files count where they lie below one of the paths `code`.
    """
    found = []
    status = git(
        root, "--no-optional-locks", "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"
    )
    for entry in filter(None, status.split("\0")):
        state, path = entry[:2], entry[3:]
        pin = path if path.endswith(".dvc") else f"{path.removesuffix('.md5')}.dvc"
        travels = path == "dvc.lock" or (path.endswith((".dvc", ".md5")) and (root / pin).is_file())
        concerns = state != "??" or any(path == dep or path.startswith(f"{dep}/") for dep in code)
        if concerns and not travels:
            found.append(path)
    return found


def check_committed(root: Path, code: Sequence[str]) -> None:
    """DataError that names what `local_changes` finds."""
    if changed := local_changes(root, code):
        more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
        raise DataError(
            f"{root}: not as in its commit: {', '.join(changed[:NAMED])}{more}; another machine would run "
            "other code: commit or revert them"
        )
