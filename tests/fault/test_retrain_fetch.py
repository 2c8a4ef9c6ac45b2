"""Steps begin and fetch in a real worktree: imports, a lost worktree, products that are nowhere."""

import datetime as dt
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from components.core.git import git
from components.lineage.tree import md5_file
from components.lineage.verify import pinned
from flows.retraining import journal
from flows.retraining.begin import begin, pick_up
from flows.retraining.context import Context, RejectedError
from flows.retraining.fetch import fetch
from flows.retraining.run import perform
from flows.retraining.settings import Settings
from tests.support.toy_dag import Toy, copy_toy

SETTINGS = Settings("retrain", None, (), 1, 30.0, 0.0, ())
NOW = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def ready_toy(new_toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A toy with derived features, committed; `../new` holds one more video."""
    toy = copy_toy(new_toy, tmp_path_factory.mktemp("ready") / "toy")
    toy.set_params(sleep={"features": 0})
    toy.add_stage("features", ["data"], "artifacts/features")
    toy.run("dvc", "repro", "-q", "features")
    return commit(toy)


@pytest.fixture
def ready(ready_toy: Toy, tmp_path: Path) -> Toy:
    """A copy of it, with one more video in `../new`."""
    toy = copy_toy(ready_toy, tmp_path / "toy")
    (tmp_path / "new/media/train").mkdir(parents=True)
    (tmp_path / "new/media/train/c9.mp4").write_bytes(b"nine")
    return toy


def commit(toy: Toy) -> Toy:
    toy.run("python", "-m", "components.lineage", "list-data")
    toy.run("git", "config", "user.name", "tester")
    toy.run("git", "config", "user.email", "tester@example.org")
    toy.run("git", "add", "-A")
    toy.run("git", "commit", "-qm", "ready")
    return toy


@pytest.fixture
def imported(ready: Toy) -> Toy:
    """The same with data that is an import of the folder `../published`."""
    published = ready.root.parent / "published"
    shutil.move(ready.root / "data", published)
    (ready.root / "data.dvc").unlink()
    ready.run("dvc", "import-url", "-q", str(published), "data")
    ready.run("dvc", "repro", "-q", "features")
    return commit(ready)


def context(toy: Toy, source: str | None) -> Context:
    """A run that has begun."""
    asked = {"reason": "forced", "source": source, "sessions": []}
    who = ["tester", "tester@example.org"]
    run = journal.create(toy.root, {**asked, "settings": asdict(SETTINGS), "identity": who}, NOW)
    made = Context(toy.root, run, print)
    run.finish("begin", begin(made))
    return made


def test_an_import_is_updated_and_pinned(imported: Toy) -> None:
    made = context(imported, "import")
    assert fetch(made)["changed"] is False
    (imported.root.parent / "published/media/train/c9.mp4").write_bytes(b"nine")
    found = fetch(made)
    assert (found["changed"], found["videos"]) == (True, ["train/c9.mp4"])
    assert found["after"] == pinned(made.worktree / "data.dvc")[1] != pinned(imported.root / "data.dvc")[1]
    assert "media/train/c9.mp4" in (made.worktree / "data.md5").read_text()
    assert not (imported.root / "data/media/train/c9.mp4").exists()


def test_an_import_that_changes_a_known_video_ends_the_run(imported: Toy) -> None:
    made = context(imported, "import")
    (imported.root.parent / "published/media/train/c0.mp4").write_bytes(b"others")
    with pytest.raises(RejectedError, match=r"other bytes under known names: media/train/c0\.mp4"):
        perform(made, "fetch")
    assert made.journal.rejected is not None


def test_a_source_must_fit_the_pin(imported: Toy) -> None:
    with pytest.raises(RejectedError, match="use `--source import`"):
        fetch(context(imported, str(imported.root.parent / "new")))


def test_a_lost_worktree_comes_again_and_its_steps_are_redone(ready: Toy) -> None:
    source = ready.root.parent / "new"
    made = context(ready, str(source))
    first = perform(made, "fetch")
    assert first["videos"] == ["train/c9.mp4"]
    pick_up(made)
    assert made.journal.result("fetch") == first, "a whole worktree goes on as it is"
    shutil.rmtree(made.worktree)
    pick_up(made)
    assert made.journal.result("fetch") is None
    assert not (made.worktree / "data/media/train/c9.mp4").exists()
    assert git(made.worktree, "rev-parse", "HEAD") == made.journal.need("begin")["base"]
    shutil.rmtree(source)
    again = perform(made, "fetch")
    assert again == first, "the staged bytes are the run's, whatever became of the source"
    assert (made.worktree / "data/media/train/c9.mp4").read_bytes() == b"nine"


@pytest.mark.parametrize(
    ("lost", "said"),
    [("data", r"data is neither in DVC's cache nor"), ("artifacts/features", r"no artifacts/features")],
)
def test_a_base_whose_bytes_are_nowhere_says_what_to_run(ready: Toy, lost: str, said: str) -> None:
    for path in (ready.root / lost).rglob("*"):
        if path.is_file():
            md5 = md5_file(path)
            (ready.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).unlink(missing_ok=True)
    with pytest.raises(RejectedError, match=said):
        context(ready, None)


def test_nothing_of_a_run_lies_outside_its_folders(ready: Toy) -> None:
    made = context(ready, str(ready.root.parent / "new"))
    perform(made, "fetch")
    assert not Path(ready.root / "data/media/train/c9.mp4").exists()
    assert git(ready.root, "status", "--porcelain") == ""
