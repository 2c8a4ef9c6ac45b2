"""Stage `dataset`: gated turns -> artifacts/dataset."""

import sys
from pathlib import Path

from components.core.errors import exit_code
from components.lineage.stage import enter, stage


def main() -> None:
    """Run the stage."""
    enter()  # before anything heavy is imported
    from components.dataset.build import Inputs, build

    with stage("dataset", "artifacts/dataset") as st:
        inputs = Inputs(
            media=Path(st.param("corpus.media")),
            corpus=Path("artifacts/corpus"),
            turns=Path("artifacts/turns"),
            validation=Path("artifacts/validation"),
        )
        share, rows = float(st.param("dataset.validation_share")), int(st.param("dataset.shard_rows"))
        summary = build(st.dir, inputs, share=share, shard_rows=rows, seed=st.seed)
    for side, entry in summary["splits"].items():
        print(f"{side}: {entry['videos']} videos, {entry['samples']} samples, {entry['turns']} turns")


if __name__ == "__main__":
    sys.exit(exit_code("dataset", main))
