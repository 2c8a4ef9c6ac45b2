"""Stage `evaluate@family-method-seed-suite`.

`python -m components.evaluate --family qwen2_5_vl --method focal --seed 0 --suite ovo`.
"""

from components.lineage.stage import enter

enter()

import argparse
import sys
from pathlib import Path
from typing import Any

from components.core.errors import exit_code
from components.lineage.stage import Stage, stage

SUITES = ("validation", "ovo", "offline", "streamo_bench")
DATASET, CORPUS = Path("artifacts/dataset"), Path("artifacts/corpus")


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(prog="python -m components.evaluate", description=__doc__)
    parser.add_argument("--family", required=True, help="one of params families")
    parser.add_argument("--method", required=True, help="one of params train.methods")
    parser.add_argument("--seed", required=True, type=int, help="one of params train.seeds")
    parser.add_argument("--suite", required=True, choices=SUITES)
    args = parser.parse_args()
    name = f"{args.family}-{args.method}-{args.seed}"
    item = {"family": args.family, "method": args.method, "seed": args.seed, "suite": args.suite}
    with stage("evaluate", f"artifacts/evaluation/{name}-{args.suite}", item=item) as st:
        model = Path("models") / name
        if args.suite == "offline":
            st.record.extra["cost"] = offline(st, model, Path("models/base") / args.family)
        else:
            run = {"validation": validation, "ovo": ovo, "streamo_bench": streamo_bench}[args.suite]
            st.record.extra["cost"] = run(st, model)


def validation(st: Stage, model: Path) -> dict[str, Any]:
    """The suite that chooses the served loss."""
    from components.evaluate.run_validation import ValidationInputs, run_validation

    inputs = ValidationInputs(
        model=model,
        media=Path(st.param("corpus.media")),
        corpus=CORPUS,
        dataset=DATASET,
        samples=int(st.param("evaluate.validation_samples")),
        max_new_tokens=int(st.param("evaluate.max_new_tokens")),
        seed=st.seed,
    )
    return run_validation(st.dir, inputs)


def ovo(st: Stage, model: Path) -> dict[str, Any]:
    """The benchmark suite."""
    from components.evaluate.run_ovo import OvoInputs, run_ovo

    inputs = OvoInputs(
        model=model,
        media=Path(st.param("corpus.media")),
        corpus=CORPUS,
        dataset=DATASET,
        exchanged=bool(st.param("evaluate.exchanged")),
        max_new_tokens=int(st.param("evaluate.max_new_tokens")),
        seed=st.seed,
    )
    return run_ovo(st.dir, inputs)


def offline(st: Stage, model: Path, base: Path) -> dict[str, Any]:
    """Retention: base and trained model on the same offline questions."""
    from components.evaluate.offline.run_retention import RetentionInputs, run_retention

    inputs = RetentionInputs(
        model=model,
        base=base,
        media=Path(st.param("corpus.media")),
        corpus=CORPUS,
        exchanged=bool(st.param("evaluate.exchanged")),
        max_new_tokens=int(st.param("evaluate.max_new_tokens")),
        seed=st.seed,
    )
    return run_retention(st.dir, inputs)


def streamo_bench(st: Stage, model: Path) -> dict[str, Any]:
    """Many instructions on each video."""
    from components.evaluate.streamo_bench.suite import BenchInputs, run_streamo_bench

    inputs = BenchInputs(
        model=model,
        media=Path(st.param("corpus.media")),
        data=Path("data"),
        corpus=CORPUS,
        dataset=DATASET,
        videos=int(st.param("evaluate.streamo_bench_videos")),
        max_new_tokens=int(st.param("evaluate.max_new_tokens")),
        seed=st.seed,
    )
    return run_streamo_bench(st.dir, inputs)


if __name__ == "__main__":
    sys.exit(exit_code("evaluate", main))
