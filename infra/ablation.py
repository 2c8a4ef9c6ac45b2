"""`python -m infra.ablation FOLDER`: the losses over seeds and families, and their table in docs/results.

Runs profile `full` on a clone of HEAD in FOLDER, which shares this checkout's DVC cache: what the default run
has made is taken from there. A second call with the same FOLDER goes on where the first one stopped.
"""

import argparse
import os
import sys
from pathlib import Path

from components.core.errors import DataError, InternalError, UsageError, exit_code
from components.core.git import git, head
from components.core.process import die_with_parent, start_group
from components.lineage.worktree import share_dvc

SOURCE = Path(__file__).resolve().parents[1]
RESULTS = "artifacts/report/results.json"


def main() -> None:
    """Clone, run, export."""
    parser = argparse.ArgumentParser(prog="python -m infra.ablation", description=__doc__)
    parser.add_argument("folder", type=Path, help="the clone; made if it is not there")
    parser.add_argument("--out", type=Path, default=SOURCE / "docs/results", help="where the table goes")
    parser.add_argument(
        "--profile", action="append", help="profiles to lay over params.yaml, in order (default: full)"
    )
    args = parser.parse_args()
    die_with_parent()
    clone(SOURCE, args.folder)
    for name in args.profile or ["full"]:
        run(args.folder, "components.cli.main", "profile", name)
    run(args.folder, "components.world", "--out", "data")
    run(args.folder, "dvc", "add", "--quiet", "data")
    run(args.folder, "flows.reproduce")
    args.out.mkdir(parents=True, exist_ok=True)
    run(args.folder, "components.report.export", "--results", RESULTS, "--out", str(args.out.resolve()))


def clone(source: Path, folder: Path) -> None:
    """A clone of the HEAD of `source` at `folder`, with its DVC cache.

    Raises:
        UsageError: something else lies there, or a clone of another commit.
        DataError: tracked files differ from HEAD: the table could not name the code it is of.

    """
    if git(
        source, "status", "--porcelain", "--untracked-files=no", "--", "components", "dvc.yaml", "params.yaml"
    ):
        raise DataError(f"{source}: code or params are not committed; commit them first (`git status`)")
    if not folder.exists():
        git(source, "clone", "--quiet", str(source), str(folder.resolve()))
        share_dvc(source, folder.resolve())
        return
    if not (folder / ".git").is_dir() or head(folder) != head(source):
        raise UsageError(f"{folder}: no clone of {head(source)[:12]}; name another folder or remove it")


def run(folder: Path, module: str, *argv: str) -> None:
    """`python -m MODULE ARGV` in the clone with the clone's code; dies with this process."""
    command = [sys.executable, "-m", module, *argv]
    print(f"$ python -m {module} {' '.join(argv)}", file=sys.stderr, flush=True)
    root = str(folder.resolve())
    process = start_group(command, cwd=root, env={**os.environ, "PYTHONPATH": root})
    if process.wait():
        raise InternalError(
            f"`python -m {module}` ended with {process.returncode} in {folder}; run this again"
        )


if __name__ == "__main__":
    sys.exit(exit_code("ablation", main))
