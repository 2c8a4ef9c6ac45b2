"""Stage `corpus`: the files of the media root -> artifacts/corpus."""

import sys
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.core.errors import exit_code
from components.lineage.stage import stage
from components.video.corpus import describe, run
from components.video.limits import Limits


def main() -> None:
    """Run the stage."""
    with stage("corpus", "artifacts/corpus") as st:
        limits = Limits(
            max_duration_s=float(st.param("corpus.max_duration_s")),
            max_pixels=int(st.param("corpus.max_pixels")),
        )
        media = Path(st.param("corpus.media"))
        data = Path("data")
        summary = run(
            st.dir,
            media=media,
            benchmark=data / "benchmark" / "ovo.json",
            sources=data / "sources.json",
            limits=limits,
        )
        st.record.extra["corpus"] = summary
        print(describe(summary))


if __name__ == "__main__":
    sys.exit(exit_code("corpus", main))
