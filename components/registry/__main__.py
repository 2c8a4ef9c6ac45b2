"""Stage `register`: `python -m components.registry`."""

import sys
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.core.errors import exit_code
from components.lineage.stage import stage
from components.registry.run import run


def main() -> None:
    """Run the stage; a refusal is a verdict and no failure."""
    with stage("register", "artifacts/register") as st:
        verdict = run(st.dir, root=Path(), suites=list(st.param("evaluate.suites")))
        print(f"register: {verdict['candidate']['model']}: {verdict['decision']}")
        for reason in verdict["reasons"]:
            print(f"  {reason}")


if __name__ == "__main__":
    sys.exit(exit_code("register", main))
