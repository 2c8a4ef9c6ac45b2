"""Stage `train@family-loss-seed`: `python -m components.train --family qwen2_5_vl --loss focal --seed 0`."""

from components.lineage.stage import enter

enter()

import argparse
import sys
from pathlib import Path

from components.core.errors import exit_code
from components.lineage.stage import stage


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(prog="python -m components.train", description=__doc__)
    parser.add_argument("--family", required=True, help="one of params families")
    parser.add_argument("--loss", required=True, help="one of params train.losses")
    parser.add_argument("--seed", required=True, type=int, help="one of params train.seeds")
    args = parser.parse_args()
    item = {"family": args.family, "loss": args.loss, "seed": args.seed}
    name = f"{args.family}-{args.loss}-{args.seed}"
    with stage("train", f"models/{name}", item=item) as st:
        from components.train.loss import KINDS
        from components.train.recipe import read_recipe
        from components.train.run import train

        if args.loss not in KINDS:
            parser.error(f"--loss {args.loss}: expected one of {', '.join(KINDS)}")
        st.record.extra["counts"] = train(
            st.dir,
            base=Path("models/base") / args.family,
            dataset=Path("artifacts/dataset"),
            media=Path(st.param("corpus.media")),
            recipe=read_recipe(st.param),
            loss=args.loss,
            seed=args.seed,
        )


if __name__ == "__main__":
    sys.exit(exit_code("train", main))
