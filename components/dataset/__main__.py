"""Stage `dataset`: gated turns -> artifacts/dataset."""

import sys
from pathlib import Path

from components.core.errors import StreamoError
from components.lineage.stage import enter, stage


def main() -> int:
    """Run the stage; returns 0, or the exit code of the error with one line on stderr."""
    enter()  # before anything heavy is imported
    from components.dataset.build import Inputs, build

    try:
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
    except StreamoError as error:
        print(f"dataset: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
