"""Stage `dataset`: gated turns -> artifacts/dataset."""

import sys
from pathlib import Path

from components.core.errors import exit_code
from components.lineage.stage import enter, stage

GROUNDED = "event_grounding"  # made by stage ground from the event captions


def main() -> None:
    """Run the stage."""
    enter()  # before anything heavy is imported
    from components.dataset.build import Inputs, build
    from components.dataset.croissant import Publication
    from components.protocol.dialogues import OFFLINE_TASKS

    with stage("dataset", "artifacts/dataset") as st:
        tasks = {*st.param("annotate.tasks"), GROUNDED} - {*OFFLINE_TASKS}
        inputs = Inputs(
            media=Path(st.param("corpus.media")),
            corpus=Path("artifacts/corpus"),
            turns=Path("artifacts/turns"),
            validation=Path("artifacts/validation"),
            annotations=[
                Path(f"artifacts/annotations/{task}-{shard}")
                for task in sorted(tasks)
                for shard in st.param("annotate.shards")
            ],
        )
        about = Publication.from_params(st.param("dataset.card"))
        share, rows = float(st.param("dataset.validation_share")), int(st.param("dataset.shard_rows"))
        summary = build(st.dir, inputs, about, share=share, shard_rows=rows, seed=st.seed)
    for side, entry in summary["splits"].items():
        print(f"{side}: {entry['videos']} videos, {entry['samples']} samples, {entry['turns']} turns")


if __name__ == "__main__":
    sys.exit(exit_code("dataset", main))
