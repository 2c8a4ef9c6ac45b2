"""Stage `base@family`: the offline model that training converts -> models/base/<family>."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.base.phases import Recipe
from components.base.reference import write_reference
from components.base.run import train_tiny
from components.core.errors import UsageError, exit_code
from components.lineage.stage import Stage, stage
from components.model.families.registry import FAMILIES
from components.model.reference import find_reference


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(prog="python -m components.base", description=__doc__)
    parser.add_argument("--family", required=True, help="one of params families")
    family = parser.parse_args().family
    if family not in FAMILIES:
        raise UsageError(f"--family {family}: expected one of {', '.join(FAMILIES)}")
    with stage("base", f"models/base/{family}", item={"family": family}) as st:
        kind = st.param("base.kind")
        if kind == "reference":
            reference = find_reference(st.param("base.references"), family)
            st.record.extra["base"] = write_reference(st.dir, reference, family=family)
        elif kind == "tiny":
            st.record.extra["base"] = tiny(st, family)
        else:
            raise UsageError(f"params base.kind: {kind!r}, expected tiny or reference")


def tiny(st: Stage, family: str) -> dict[str, object]:
    """The tiny base of a family with the products of the stages before it."""
    recipe = Recipe(**{field.name: st.param(f"base.{field.name}") for field in fields(Recipe)})
    return train_tiny(
        st.dir,
        annotations=Path("artifacts/annotations"),
        shards=st.param("annotate.shards"),
        dataset=Path("artifacts/dataset"),
        manifest=Path("artifacts/corpus/manifest.parquet"),
        media=Path(st.param("corpus.media")),
        recipe=recipe,
        seed=st.seed,
        family=family,
    )


if __name__ == "__main__":
    sys.exit(exit_code("base", main))
