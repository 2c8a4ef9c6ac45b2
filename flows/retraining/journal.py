"""The journal of one retraining run: what was asked, and the result of every step that is over.

It is written whole by rename after each step. A folder with a journal and without `outcome.json` is an open
run: the next call goes on with it, with its parameters.
"""

import datetime as dt
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json, write_json

RUNS = Path("runs/retrain")
FILE, OUTCOME = "journal.json", "outcome.json"
Json = dict[str, Any]


class Journal:
    """`runs/retrain/<id>/journal.json` and the folder around it."""

    def __init__(self, folder: Path, content: Json):
        self.folder, self.content = folder, content

    @property
    def id(self) -> str:
        """Name of the run: its UTC start time, with a number where two began in one second."""
        return str(self.content["id"])

    @property
    def parameters(self) -> Json:
        """`reason`, `source`, `sessions` of the first call, the `settings` then, and the git `identity`."""
        return dict(self.content["parameters"])

    @property
    def started_at(self) -> str:
        """UTC start time, `2026-01-31T12:00:00Z`: also the date of the run's commit."""
        return str(self.content["started_at"])

    def result(self, step: str) -> Json | None:
        """What a finished step returned; None while it is not over."""
        found: Json | None = self.content["steps"].get(step)
        return found

    def need(self, step: str) -> Json:
        """The result of a step that must be over."""
        found = self.result(step)
        if found is None:
            raise DataError(f"{self.folder / FILE}: step {step} is not finished, but a later step needs it")
        return found

    def finish(self, step: str, result: Json) -> None:
        """Note a step as over."""
        self.content["steps"][step] = result
        self._write()

    def forget(self, steps: list[str]) -> None:
        """Take steps back whose work was lost with the worktree."""
        for step in steps:
            self.content["steps"].pop(step, None)
        self._write()

    def reject(self, step: str, why: str) -> None:
        """Note that the run ends as `failed`: running it again cannot help."""
        self.content["rejected"] = {"step": step, "why": why}
        self._write()

    @property
    def rejected(self) -> Json | None:
        """`{"step", "why"}` of a run that ends as failed."""
        found: Json | None = self.content.get("rejected")
        return found

    def close(self, outcome: Json) -> None:
        """Write `outcome.json`, the last act of a run."""
        write_json(self.folder / OUTCOME, outcome)

    def _write(self) -> None:
        write_json(self.folder / FILE, self.content)


def create(root: Path, parameters: Json, now: dt.datetime) -> Journal:
    """A new run below `root`."""
    name = number = f"{now:%Y%m%dT%H%M%SZ}"
    taken = 1
    while (root / RUNS / name).exists():
        taken += 1
        name = f"{number}-{taken}"
    content = {
        "schema": 1,
        "id": name,
        "started_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "parameters": parameters,
        "steps": {},
    }
    journal = Journal(root / RUNS / name, content)
    journal._write()
    return journal


def open_journal(root: Path) -> Journal | None:
    """The oldest run without an outcome, None if there is none.

    Raises:
        DataError: its journal cannot be read.

    """
    for path in sorted((root / RUNS).glob(f"*/{FILE}")):
        if not (path.parent / OUTCOME).is_file():
            return Journal(path.parent, read_json(path))
    return None


def outcomes(root: Path) -> list[Json]:
    """The outcomes of all closed runs, oldest first."""
    return [read_json(path) for path in sorted((root / RUNS).glob(f"*/{OUTCOME}"))]
