"""Publish one version in a process of its own: `python -m tests.support.publish_one URL FOLDER COMMIT AT`

AT is the time (seconds since 1970) at which to begin, so that several begin together; 0 for now. The package
is what FOLDER holds; if that is nothing, a small one is made there. Prints `won`, or the error.
"""

import sys
import time
from pathlib import Path

from components.core.errors import StreamoError
from components.registry.store import open_store
from tests.support.packages import make_package


def main() -> int:
    """Publish; 1 if the store says no."""
    url, folder, commit, at = sys.argv[1:]
    held = {path.relative_to(folder).as_posix(): path for path in Path(folder).rglob("*") if path.is_file()}
    files = {name: path.read_bytes() for name, path in held.items()}
    store = open_store(url)
    manifest, paths = make_package(Path(folder), commit=commit, **({"files": files} if files else {}))
    while time.time() < float(at):
        time.sleep(0.001)
    try:
        store.publish(manifest, paths)
    except StreamoError as error:
        print(error)
        return 1
    print("won")
    return 0


if __name__ == "__main__":
    sys.exit(main())
