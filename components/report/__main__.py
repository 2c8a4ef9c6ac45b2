"""Stage `report`: `python -m components.report`."""

import sys
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.core.errors import StreamoError
from components.lineage.stage import stage
from components.report.run import run


def main() -> int:
    """Run the stage; returns the exit code."""
    try:
        with stage("report", "artifacts/report") as st:
            results = run(
                st.dir,
                root=Path(),
                media=Path(st.param("corpus.media")),
                losses=st.param("train.losses"),
                seeds=st.param("train.seeds"),
                suites=st.param("evaluate.suites"),
            )
            print(f"report: {results['served']['model']} is served; artifacts/report/index.html")
    except StreamoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
