"""The smoke run that several files look at: made once a session, left as it was found."""

import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.workspace import Workspace, clone


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A clone in which the DAG of `profiles/smoke.yaml` has run once through the flow (first.log)."""
    workspace = clone(tmp_path_factory.mktemp("smoke"))
    workspace.streamo("profile", "smoke")
    (workspace.root / "dvc.lock").unlink(missing_ok=True)
    workspace.run("python", "-m", "components.world", "--out", "data")
    workspace.run("dvc", "add", "-q", "data")
    done = workspace.run("python", "-m", "flows.reproduce")
    (workspace.root / "first.log").write_text(done.stdout + done.stderr)
    yield workspace
    shutil.rmtree(workspace.root, ignore_errors=True)
