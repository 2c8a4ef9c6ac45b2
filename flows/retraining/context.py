"""What the steps of one run share: the journal, the folders, and child processes that die with the flow."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from flows.children import Children, Finished
from flows.console import NOISE
from flows.retraining.journal import RUNS, Journal

WORKTREE = RUNS / "worktree"
SAID = 12  # last lines of a failed command that a message repeats


class RejectedError(DataError):
    """The data or the call is wrong: running the same again cannot help, so the run is closed as failed."""


class CommandError(DataError):
    """A command ended with another exit code than the step expects; the run stays open.

    Attributes:
        finished: its exit code and output.

    """

    def __init__(self, name: str, finished: Finished, log: Path):
        self.finished = finished
        said = " | ".join(line for line in finished.lines[-SAID:] if line.strip())
        super().__init__(f"{name}: its command ended with {finished.returncode}, see {log}: {said}")


class Context:
    """One run of the flow.

    Attributes:
        root: the main working tree, which holds `runs/` and DVC's cache.
        worktree: the run's own git worktree; every command runs there, with the code that lies there.

    """

    def __init__(self, root: Path, journal: Journal, say: Callable[[str], None]):
        self.root, self.journal, self.say = root, journal, say
        self.worktree = root / WORKTREE
        self.children = Children(self.worktree, self._environment())
        self.children_at_home = Children(root, self._environment())

    def _environment(self) -> dict[str, str | None]:
        """Changes to the environment of the children; None takes a variable away."""
        name, email = self.journal.parameters["identity"]
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in
               (("NAME", name), ("EMAIL", email))}  # fmt: skip
        own = {
            key: None for key in os.environ if key.startswith("PREFECT__")
        }  # of this flow run, not of theirs
        # `python -m` puts the current folder first, but a child of a child may not be started by it.
        return {**own, **who, "PYTHONPATH": str(self.worktree)}

    def stop(self) -> None:
        """Kill every child; for the way out of a flow."""
        self.children.stop()
        self.children_at_home.stop()

    def call(
        self, name: str, words: list[str], *, ok: tuple[int, ...] = (0,), at_home: bool = False
    ) -> Finished:
        """Run a command in the worktree; its output goes to `<run>/logs/<name>.log`.

        Args:
            name: of the log.
            words: the command line.
            ok: exit codes that are results.
            at_home: run it in the main tree instead: relative addresses of git remotes are meant from there.

        Raises:
            CommandError: its exit code is not in `ok`.

        """

        def on_line(line: str) -> None:
            if line.strip() and not line.strip().startswith(("{", *NOISE)):  # an object is for programs
                self.say(f"    {name} | {line}")

        children = self.children_at_home if at_home else self.children
        finished = children.run(words, self._log(name), on_line)
        if finished.returncode not in ok:
            raise self.failed(name, finished)
        return finished

    def failed(self, name: str, finished: Finished) -> CommandError:
        """The failure of a command that has ended."""
        return CommandError(name, finished, self._log(name))

    def _log(self, name: str) -> Path:
        return self.journal.folder / "logs" / f"{name}.log"

    def python(self, name: str, module: str, *words: str, ok: tuple[int, ...] = (0,)) -> Finished:
        """Run `python -m MODULE WORDS` of the worktree."""
        return self.call(name, [sys.executable, "-m", module, *words], ok=ok)

    def streamo(self, name: str, *words: str, ok: tuple[int, ...] = (0,)) -> Finished:
        """Run `streamo WORDS` of the worktree."""
        return self.python(name, "components.cli", *words, ok=ok)

    def dvc(self, name: str, *words: str) -> Finished:
        """Run `dvc WORDS` in the worktree."""
        return self.python(name, "dvc", "--wait-for-lock", *words)


def json_lines(finished: Finished) -> list[Mapping[str, Any]]:
    """The JSON objects among the lines of a command that was called with `--json`.

    What is not an object is a line for people: standard error comes in the same stream.
    """
    found = []
    for line in finished.lines:
        if line.startswith("{"):
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return found


def json_object(finished: Finished, command: str) -> Mapping[str, Any]:
    """The one object that a command printed.

    Raises:
        DataError: it printed none, or several.

    """
    found = json_lines(finished)
    if len(found) != 1:
        raise DataError(
            f"{command} printed {len(found)} JSON objects, expected one: {finished.lines[-SAID:]}"
        )
    return found[0]
