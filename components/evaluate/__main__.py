"""Stage `evaluate@family-method-seed-suite`.

`python -m components.evaluate --family qwen2_5_vl --method focal --seed 0 --suite ovo`.
"""

from components.lineage.stage import enter

enter()

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import exit_code
from components.lineage.stage import Stage, stage

if TYPE_CHECKING:
    from components.evaluate.run_validation import ValidationInputs

SUITES = ("validation", "ovo", "offline", "streamo_bench", "policies", "fps2")
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
        base = Path("models/base") / args.family
        if args.suite in ("offline", "policies"):
            st.record.extra["cost"] = (offline if args.suite == "offline" else policies)(st, model, base)
        else:
            suites = {"validation": validation, "ovo": ovo, "streamo_bench": streamo_bench, "fps2": fps2}
            st.record.extra["cost"] = suites[args.suite](st, model)


def validation(st: Stage, model: Path) -> dict[str, Any]:
    """The suite that chooses the served loss."""
    from components.evaluate.run_validation import run_validation

    return run_validation(st.dir, validation_inputs(st, model))


def policies(st: Stage, model: Path, base: Path) -> dict[str, Any]:
    """Untrained ways to decide when to speak."""
    from components.evaluate.run_policies import run_policies

    return run_policies(st.dir, validation_inputs(st, model), base)


def fps2(st: Stage, model: Path) -> dict[str, Any]:
    """Two frames a turn."""
    from components.evaluate.run_policies import run_fps2

    return run_fps2(st.dir, validation_inputs(st, model))


def validation_inputs(st: Stage, model: Path) -> "ValidationInputs":
    """Where the suite reads from, and its knobs."""
    from components.evaluate.run_validation import ValidationInputs

    return ValidationInputs(
        model=model,
        media=Path(st.param("corpus.media")),
        corpus=CORPUS,
        dataset=DATASET,
        samples=int(st.param("evaluate.validation_samples")),
        max_new_tokens=int(st.param("evaluate.max_new_tokens")),
        seed=st.seed,
    )


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
