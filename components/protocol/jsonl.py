"""Stream dialogues as JSON lines, the training format of the released code plus our id."""

from collections.abc import Iterable
from pathlib import Path

from components.core.files import dumps
from components.protocol.turns import Dialogue
from components.protocol.whole import whole_file


def write_jsonl(path: Path, dialogues: Iterable[Dialogue]) -> int:
    """Write one `{"id", "messages", "videos"}` a line, whole or not at all; returns the turns written."""
    turns = 0
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as out:
        for dialogue in dialogues:
            turns += len(dialogue.turns)
            line = {"id": dialogue.sample_id, "messages": dialogue.messages(), "videos": [dialogue.video_id]}
            out.write(dumps(line, indent=None))
    return turns
