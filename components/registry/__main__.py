"""Stage `register`: `python -m components.registry`."""

import sys
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.core.errors import StreamoError
from components.lineage.stage import stage
from components.registry.run import run


def main() -> int:
    """Run the stage; a refusal is a verdict and exits 0."""
    try:
        with stage("register", "artifacts/register") as st:
            verdict = run(st.dir, root=Path(), suites=list(st.param("evaluate.suites")))
            print(f"register: {verdict['candidate']['model']}: {verdict['decision']}")
            for reason in verdict["reasons"]:
                print(f"  {reason}")
    except StreamoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
