"""DVC's file of path locks, half written by a SIGKILL in the wrong millisecond: DVC then refuses to run."""

import json
from pathlib import Path


def mend_path_locks(root: Path = Path()) -> Path | None:
    """Remove a broken `.dvc/tmp/rwlock`; returns it if it was. Only for a holder of the checkout lock.

    Whole entries of dead processes need no help: DVC removes them itself.
    """
    path = root / ".dvc/tmp/rwlock"
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        path.unlink()
        return path
    return None
