"""A checkout that a test made: commands run in it with an environment of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

IDENTITY = ["-c", "user.email=a@example.org", "-c", "user.name=a"]


@dataclass(frozen=True)
class Checkout:
    """The repository at `root`; the folder `home` beside it is its HOME."""

    root: Path

    @property
    def env(self) -> dict[str, str]:
        """A clean environment that runs the checkout's own rooms and flows."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "PREFECT_", "STREAMO_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        home = str(self.root.parent / "home")
        return {**kept, "PATH": path, "HOME": home, "DVC_NO_ANALYTICS": "1", "PYTHONPATH": str(self.root)}

    def run(
        self, *argv: str, check: bool = True, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository; `env` is added to its environment."""
        environment = {**self.env, **(env or {})}
        done = subprocess.run(
            argv, cwd=self.root, env=environment, capture_output=True, text=True, timeout=300
        )
        if check and done.returncode:
            raise AssertionError(f"{argv}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def commit(self, why: str) -> str:
        """Commit everything tracked; the new commit."""
        self.run("git", *IDENTITY, "commit", "-qam", why)
        return self.run("git", "rev-parse", "HEAD").stdout.strip()

    def forget_run_cache(self) -> None:
        """So that a stage that ran once runs again instead of coming back from DVC's run cache."""
        shutil.rmtree(self.root / ".dvc/cache/runs", ignore_errors=True)

    def set_params(self, **values: object) -> None:
        """Overwrite top-level keys of params.yaml."""
        path = self.root / "params.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **values}))

    def flow(self, *argv: str) -> list[str]:
        """The command line of the flow."""
        return [sys.executable, "-m", "flows.reproduce", *argv]


def clone_of(checkout: Checkout, root: Path) -> Checkout:
    """Another machine's checkout: what is committed, and git can fetch the rest."""
    (root.parent / "home").mkdir(parents=True)
    checkout.run("git", "clone", "-q", str(checkout.root), str(root))
    return Checkout(root)
