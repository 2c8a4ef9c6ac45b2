"""Stage `train@family-method-seed`.

`python -m components.train --family qwen2_5_vl --method focal --seed 0`.
"""

from components.lineage.stage import enter

enter()

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.core import params
from components.core.errors import UsageError, exit_code
from components.lineage.stage import stage


def main() -> None:
    """Run the stage; under torchrun the ranks after the first join in and write nothing."""
    parser = argparse.ArgumentParser(prog="python -m components.train", description=__doc__)
    parser.add_argument("--family", required=True, help="one of params families")
    parser.add_argument("--method", required=True, help="one of params train.methods")
    parser.add_argument("--seed", required=True, type=int, help="one of params train.seeds")
    args = parser.parse_args()
    item = {"family": args.family, "method": args.method, "seed": args.seed}
    name = f"{args.family}-{args.method}-{args.seed}"
    if int(os.environ.get("RANK", "0")):
        carry_out(describe(args, params.get, Path("models") / name))
        return
    with stage("train", f"models/{name}", item=item) as st:
        from components.train.recipe import RUNTIME

        resume = st.resumable(ignore=[f"train.{key}" for key in RUNTIME])
        st.record.extra["counts"] = carry_out(describe(args, st.param, st.dir, resume))


def describe(
    args: argparse.Namespace, param: Callable[[str], Any], out_dir: Path, resume: Path | None = None
) -> dict[str, Any]:
    """The job of `components.train.run.train_job`, as JSON."""
    from components.train.methods import loss_options
    from components.train.recipe import read_recipe

    recipe = read_recipe(param)
    loss_options(args.method, recipe)  # before any rank is started
    return {
        "out_dir": str(out_dir),
        "base": f"models/base/{args.family}",
        "dataset": "artifacts/dataset",
        "media": param("corpus.media"),
        "recipe": asdict(recipe),
        "method": args.method,
        "seed": args.seed,
        "resume": str(resume) if resume else None,
    }


def carry_out(job: dict[str, Any]) -> dict[str, Any]:
    """Train in this process: one rank, or one of torchrun's; else start the ranks of this machine."""
    ranks, given = job["recipe"]["ranks"], os.environ.get("WORLD_SIZE")
    if given is not None and int(given) != ranks:
        raise UsageError(
            f"params train.ranks is {ranks}, but torchrun started {given} processes; make them equal"
        )
    if job["method"] == "external":  # seconds on one core: nothing to share out
        ranks = 1
        if int(os.environ.get("RANK", "0")):
            return {}
    if given is None and ranks > 1:
        from components.train.launch import run_ranks

        return run_ranks(job, ranks, job["recipe"]["hang_s"])
    from components.train.run import train_job

    return train_job(job)


if __name__ == "__main__":
    sys.exit(exit_code("train", main))
