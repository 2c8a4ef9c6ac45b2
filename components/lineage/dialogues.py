"""Entry of stage `dialogues` (raw labels -> artifacts/turns); its work is `components.protocol.dialogues`.

It stands here because the stage frame is lineage's and protocol imports core only.
"""

import sys
from pathlib import Path

from components.lineage.stage import enter

enter()

from components.core.errors import exit_code
from components.lineage.stage import stage
from components.protocol.dialogues import run

ANNOTATIONS = Path("artifacts/annotations")
GROUNDED = "event_grounding"  # made by stage ground from the event captions


def main() -> None:
    """Run the stage."""
    with stage("dialogues", "artifacts/turns") as st:
        tasks = {*st.param("annotate.tasks"), GROUNDED}
        folders = [ANNOTATIONS / f"{task}-{shard}" for task in tasks for shard in st.param("annotate.shards")]
        run(
            st.dir,
            folders,  # by name: a folder left over from former params is no input
            Path("artifacts/corpus/manifest.parquet"),
            rules=str(st.param("dialogues.rules")),
            fps=float(st.param("dialogues.fps")),
        )


if __name__ == "__main__":
    sys.exit(exit_code("dialogues", main))
