"""`python -m components.lineage.offload`: the four steps by which another machine runs one stage.

Here, `pack` pushes the inputs and writes the job. There, `receive` fetches the inputs and re-hashes them,
`dvc repro` runs, `deliver` pushes the products and writes the answer: the stage's entry of dvc.lock. Here,
`accept` checks the answer, fetches the products, re-hashes them and writes dvc.lock.
"""

import argparse
import sys
from pathlib import Path

from components.core.errors import exit_code
from components.core.files import read_json, write_json
from components.core.process import die_with_parent
from components.lineage.job import check_job
from components.lineage.job_here import accept, pack
from components.lineage.job_there import deliver, receive


def main() -> int:
    """Run one of the four steps in the current folder."""
    die_with_parent()
    parser = argparse.ArgumentParser(prog="python -m components.lineage.offload", description=__doc__)
    parser.add_argument("step", choices=["pack", "receive", "deliver", "accept"])
    parser.add_argument("job", type=Path, help="the job: written by pack, read by the others")
    parser.add_argument("--address", help="pack: the stage")
    parser.add_argument("--answer", type=Path, help="deliver writes it, accept reads it")
    args = parser.parse_args()
    return exit_code("offload", lambda: step(args))


def step(args: argparse.Namespace) -> None:
    """The chosen step with its files."""
    root = Path.cwd()
    if args.step == "pack":
        write_json(args.job, pack(root, args.address))
        return
    job = check_job(read_json(args.job))
    if args.step == "receive":
        receive(root, job)
    elif args.step == "deliver":
        write_json(args.answer, deliver(root, job))
    else:
        accept(root, job, read_json(args.answer))


if __name__ == "__main__":
    sys.exit(main())
