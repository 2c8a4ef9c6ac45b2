"""Public label sets as raw labels (`streamo import SET FILES... OUT.json`): one small module a set.

`IMPORTERS[name].read(paths, Options(...)) -> Imported`. What a row, a part and a reason are: account.py; the
table of sets: README.md.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.annotate.importers.account import Imported, Options


@dataclass(frozen=True)
class Importer:
    """One set: what it is in a line, and the module below this package that reads it."""

    summary: str
    module: str

    def read(self, paths: "Sequence[Path]", options: "Options") -> "Imported":
        """The labels of `paths`.

        Raises:
            DataError: a file is missing or not of the set's form; single bad rows are rejected instead.

        """
        module = importlib.import_module(f"{__name__}.{self.module}")
        imported: Imported = module.read(paths, options)
        return imported


IMPORTERS = {
    "activitynet_captions": Importer("ActivityNet Captions: event captions", "activitynet"),
    "charades_sta": Importer("Charades-STA: event grounding", "charades"),
    "csv": Importer("your own rows: components/annotate/importers/generic.py lists the columns", "generic"),
    "didemo": Importer("DiDeMo: event grounding in segments of 5 seconds", "didemo"),
    "et_instruct": Importer("ET-Instruct-164K: grounding, captions, questions", "et_instruct"),
    "jsonl": Importer("your own rows, one JSON object a line, keys as the columns of csv", "generic"),
    "llava_video": Importer("LLaVA-Video-178K: open-ended and multiple-choice questions", "llava_video"),
    "qvhighlights": Importer("QVHighlights: event grounding, several windows a query", "qvhighlights"),
    "streamo": Importer("Streamo-Instruct as released: seconds count from 1", "streamo"),
    "youcook2": Importer("YouCook2: captions of steps", "youcook2"),
}
