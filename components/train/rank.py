"""One rank of several on this machine: `python -m components.train.rank FOLDER`, started by `launch`."""

import os
import sys
from pathlib import Path

from components.core.errors import StreamoError, exit_code
from components.core.files import read_json, write_json
from components.lineage.stage import enter
from components.train.heartbeat import Heart


def main() -> None:
    """Train as `job.json` says; the first rank leaves what it returns in `result.json`."""
    enter()  # before numpy and torch
    folder, rank = Path(sys.argv[1]), int(os.environ["RANK"])
    heart = Heart(folder, rank)  # beats while the libraries are imported
    from components.train.run import train_job

    try:
        counts = train_job(read_json(folder / "job.json"), heart)
    except StreamoError as error:
        heart.failed(str(error), error.exit_code)
        raise
    if rank == 0:
        write_json(folder / "result.json", counts)


if __name__ == "__main__":
    sys.exit(exit_code("train", main))
