"""Stage `report`: `python -m components.report`."""

import sys
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.core.errors import exit_code
from components.lineage.stage import stage
from components.report.run import run


def main() -> None:
    """Run the stage."""
    with stage("report", "artifacts/report") as st:
        results = run(
            st.dir,
            root=Path(),
            media=Path(st.param("corpus.media")),
            families=st.param("families"),
            losses=st.param("train.methods"),
            seeds=st.param("train.seeds"),
            suites=st.param("evaluate.suites"),
            seed=st.seed,
        )
        print(f"report: {results['served']['model']} is served; artifacts/report/index.html")


if __name__ == "__main__":
    sys.exit(exit_code("report", main))
