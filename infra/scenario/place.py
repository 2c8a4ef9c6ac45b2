"""A fresh clone for the scenario, and commands in it."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.cli.profile import apply_profile
from components.core.errors import DataError
from components.core.files import read_json
from components.core.process import fix_environment

OVERLAY = Path(__file__).with_name("overlay.yaml")
COMMAND_S = 1800.0
SAID = 2000  # characters of a failed command's output that are shown


@dataclass(frozen=True)
class Place:
    """The folder of a scenario: `checkout` (the clone), `incoming` (new data), `home`, logs.

    Attributes:
        root: everything below it belongs to the scenario.
        settings: environment variables on top of this process's.

    """

    root: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        """The clone."""
        return self.root / "checkout"

    @property
    def incoming(self) -> Path:
        """Where new data arrives."""
        return self.root / "incoming"

    @property
    def environment(self) -> dict[str, str]:
        """No setting of the caller's Prefect, DVC or Streamo reaches the scenario."""
        fix_environment()
        foreign = ("DVC_", "PREFECT_", "STREAMO_", "GIT_", "AWS_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
        own = {"PATH": path, "HOME": str(self.root / "home"), "PYTHONPATH": str(self.checkout)}
        return {**kept, **own, **self.settings}

    def run(self, *argv: str, ok: tuple[int, ...] = (0,)) -> str:
        """Standard output of a command in the clone.

        Raises:
            DataError: its exit code is not in `ok`.

        """
        return self._call(argv, ok, "")

    def _call(self, argv: tuple[str, ...], ok: tuple[int, ...], text: str) -> str:
        done = subprocess.run(
            argv, cwd=self.checkout, env=self.environment, input=text, capture_output=True, text=True,
            timeout=COMMAND_S, check=False,
        )  # fmt: skip
        if done.returncode not in ok:
            said = f"{done.stdout[-SAID:]}\n{done.stderr[-SAID:]}"
            raise DataError(f"{' '.join(argv)} ended with {done.returncode}: {said}")
        return done.stdout

    def pipe(self, text: str, *argv: str) -> str:
        """Like `run`, with `text` as standard input."""
        return self._call(argv, (0,), text)

    def python(self, module: str, *words: str) -> str:
        """`python -m MODULE`."""
        return self.run(sys.executable, "-m", module, *words)

    def streamo(self, *words: str) -> str:
        """`streamo WORDS`."""
        return self.python("components.cli", *words)

    def outcomes(self) -> list[dict[str, Any]]:
        """Outcomes of the retraining runs, oldest first."""
        return [read_json(path) for path in sorted(self.checkout.glob("runs/retrain/*/outcome.json"))]


def clone(source: Path, place: Place) -> None:
    """Clone the commit of `source` into the place, with params of the scenario, as its own commit."""
    for folder in (place.root / "home", place.incoming):
        folder.mkdir(parents=True)
    words = ["git", "clone", "--quiet", "--no-tags", f"file://{source}", str(place.checkout)]
    subprocess.run(words, env=place.environment, check=True)
    params = place.checkout / "params.yaml"
    text, _ = apply_profile(params.read_text(encoding="utf-8"), OVERLAY.read_text(encoding="utf-8"))
    params.write_text(text, encoding="utf-8")
    for name in ("dvc.lock", "data.md5"):  # of the committed run, whose data this is not
        (place.checkout / name).unlink(missing_ok=True)
    place.run("git", "config", "user.name", "scenario")
    place.run("git", "config", "user.email", "scenario@example.org")


def commit(place: Place, message: str) -> None:
    """Commit everything git does not ignore."""
    place.run("git", "add", "--all")
    place.run("git", "commit", "--quiet", "--message", message)
