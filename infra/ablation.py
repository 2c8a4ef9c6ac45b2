"""`python -m infra.ablation NAME FOLDER`: one question of the paper, answered at tiny scale by one command.

NAME is `losses`, `states`, `data`, `fps` or `rivals` (profiles/ablations), or `full` (all methods); `losses`
and `full` write the report's own table with learning curves. Runs on a clone of HEAD in FOLDER, which shares
this checkout's DVC cache: what the default run has made is taken from there. A second call with the same
FOLDER goes on where the first stopped.
"""

import argparse
import os
import sys
from pathlib import Path

from components.core.errors import DataError, InternalError, UsageError, exit_code
from components.core.files import read_json, write_json, write_text
from components.core.git import git, head
from components.core.process import die_with_parent, start_group
from components.lineage.worktree import share_dvc
from infra.ablation_table import Row, markdown, read_rows

SOURCE = Path(__file__).resolve().parents[1]
RESULTS = "artifacts/report/results.json"
REPORTED = {"losses": "ablations/losses", "full": "full"}  # the report's own table, with learning curves
ARMS = {  # each ablation's profiles, run one after the other; `data` is three corpora
    "states": ("states",),
    "data": ("data-captions", "data-offline", "data-full"),
    "fps": ("fps",),
    "rivals": ("rivals",),
}


def main() -> None:
    """Clone, run, export."""
    parser = argparse.ArgumentParser(prog="python -m infra.ablation", description=__doc__)
    parser.add_argument("name", choices=(*REPORTED, *ARMS), help="what is compared")
    parser.add_argument("folder", type=Path, help="the clone; made if it is not there")
    parser.add_argument("--out", type=Path, default=SOURCE / "docs/results", help="where the table goes")
    parser.add_argument("--also", action="append", default=[], help="profiles laid over it, e.g. smoke")
    args = parser.parse_args()
    die_with_parent()
    clone(SOURCE, args.folder)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.name in REPORTED:
        reproduce(args.folder, [REPORTED[args.name], *args.also])
        run(args.folder, "components.report.export", "--results", RESULTS, "--out", str(args.out.resolve()))
        return
    rows: list[Row] = []
    for arm in ARMS[args.name]:
        reproduce(args.folder, [f"ablations/{arm}", *args.also], "evaluate")
        rows += read_rows(args.folder, arm if len(ARMS[args.name]) > 1 else "")
    write_json(args.out / f"{args.name}.json", {"schema": 1, "commit": head(args.folder), "rows": rows})
    write_text(args.out / f"{args.name}.md", markdown(args.name, read_json(args.out / f"{args.name}.json")))


def reproduce(folder: Path, profiles: list[str], *targets: str) -> None:
    """Lay profiles over the committed params.yaml of the clone, and make what `targets` name (all: none)."""
    git(folder, "checkout", "--quiet", "--", "params.yaml")
    for name in profiles:
        run(folder, "components.cli.main", "profile", name)
    run(folder, "components.world", "--out", "data")
    run(folder, "dvc", "add", "--quiet", "data")
    run(folder, "flows.reproduce", *(("--targets", *targets) if targets else ()))


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
