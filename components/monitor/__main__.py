"""Stage `features`: turns and videos -> artifacts/features."""

import sys
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.core.errors import exit_code
from components.lineage.stage import stage
from components.monitor.run import Inputs, derive


def main() -> None:
    """Run the stage."""
    with stage("features", "artifacts/features") as st:
        inputs = Inputs(
            media=Path(st.param("corpus.media")),
            manifest=Path("artifacts/corpus/manifest.parquet"),
            turns=Path("artifacts/turns/turns.parquet"),
        )
        summary = derive(st.dir, inputs, frames=st.param("monitor.frames"))
    print(f"{summary['samples']} samples of {summary['videos']} videos")


if __name__ == "__main__":
    sys.exit(exit_code("features", main))
