"""Retraining of a small repository: promoted, refused, nothing to do, SIGKILL at three places of one run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from components.core.files import read_json
from flows.server import prefect_server
from tests.support.processes import alive, roles_below, wait_until
from tests.support.retrain_repo import Repo, copy_repo, make_repo, write_videos
from tests.support.webhook import Receiver, receiver

PATIENCE_S = 180.0
GONE_S = 10.0


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One Prefect server for all runs: each would start its own, and that takes most of the time."""
    before = dict(os.environ)
    with prefect_server(tmp_path_factory.mktemp("prefect")) as started:
        if started:
            started.wait()
        yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The repository with its first champion, and three new videos beside it: copy it, never change it."""
    repo = make_repo(tmp_path_factory.mktemp("fresh") / "repo")
    write_videos(repo.root.parent / "new", ["n0", "n1", "n2"])
    (repo.root.parent / "new/labels.json").write_text('[{"id": "b", "video_path": "train/n0.mp4"}]\n')
    return repo


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(scope="module")
def straight(fresh: Repo, hook: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A copy in which one scheduled run went through without interruption."""
    repo = copy_repo(fresh, tmp_path_factory.mktemp("straight") / "top")
    done = repo.retrain("--source", "../new", STREAMO_WEBHOOK_URL=hook.url)
    (repo.root.parent / "straight.log").write_text(done.stdout + done.stderr)
    return repo


def state(repo: Repo) -> dict[str, object]:
    """What must be equal whether a run was interrupted or not; commit hashes hold its time of day."""
    git = repo.git
    return {
        "tree": git("rev-parse", "retrain^{tree}"),
        "parent is main": git("rev-parse", "retrain~1") == git("rev-parse", "main"),
        "stages": repo.versions(),
        "champion is the branch": git("rev-parse", "streamo@v0.0.2^{commit}") == git("rev-parse", "retrain"),
        "tags": sorted(git("tag").split()),
        "retrain commits": len(git("log", "--all", "--grep", "^Retrain-Id:", "--format=%H").split()),
        "remote": sorted(line.split("\t")[1] for line in git("ls-remote", "up").splitlines()),
        "cache at the remote": sorted(
            p.name for p in (repo.root.parent / "up.dvc").rglob("*") if p.is_file()
        ),
        "worktrees": len(git("worktree", "list").splitlines()),
        "main tree": git("status", "--porcelain"),
        "decision": repo.outcome()["decision"],
        "notified": repo.outcome()["notified"]["sent"],
    }


def test_new_data_becomes_the_champion(straight: Repo, hook: Receiver) -> None:
    assert straight.versions() == {"v0.0.1": "archived", "v0.0.2": "champion"}
    outcome = straight.outcome()
    assert outcome["decision"] == "promoted"
    assert outcome["new_videos"] == [f"train/n{number}.mp4" for number in range(3)]
    message = straight.git("log", "-1", "--format=%B", "retrain")
    for said in (
        "3 new videos",
        "Drift: none found",
        "Gate: promote against v0.0.1",
        "[0.0, 0.0]",
        outcome["id"],
    ):
        assert said in message
    changed = straight.git("diff", "--name-only", "main", "retrain").split()
    assert changed == ["data.dvc", "data.md5", "dvc.lock"]
    pinned = {line.split("  ", 1)[1] for line in straight.git("show", "retrain:data.md5").splitlines()}
    assert {"media/train/n2.mp4", "labels.json"} <= pinned
    assert not straight.git("status", "--porcelain")
    posted = [body for body in hook.bodies if body["id"] == outcome["id"]]
    assert [body["version"] for body in posted] == ["v0.0.2"]
    refs = straight.git("ls-remote", "up")
    assert {"refs/heads/retrain", "refs/tags/streamo@v0.0.2"} <= set(refs.split())
    for path in straight.root.parent.rglob("*"):
        if path.is_file() and "home" not in path.parts:
            assert b"planted-hook-secret" not in path.read_bytes(), path


def test_killed_three_times_it_ends_as_without(
    fresh: Repo, straight: Repo, hook: Receiver, tmp_path: Path
) -> None:
    repo = copy_repo(fresh, tmp_path / "top")
    run = ["--source", "../new"]
    flow = start(repo, run, hook, TOY_TRAINS_S="600")
    assert wait_until(lambda: "train" in roles_below(flow.pid, {"train": "components.toy train"}), PATIENCE_S)
    refused = repo.retrain(*run, check=1)
    assert str(flow.pid) in refused.stderr and "the flow retrain" in refused.stderr
    kill(flow)
    for step in ("commit", "register"):
        flow = start(repo, ["--reason", "forced"], hook)  # its own reason is not used: the open run goes on
        reach(flow, repo, step)
        kill(flow)
        assert not finished(repo, "branch")
        assert not repo.git("for-each-ref", "refs/heads/retrain")
    done = repo.retrain(*run, STREAMO_WEBHOOK_URL=hook.url)
    assert f"picks up run {repo.runs()[0].name}" in done.stdout
    assert len(repo.runs()) == 1
    assert state(repo) == state(straight)
    assert sum(body["id"] == repo.runs()[0].name for body in hook.bodies) == 1
    assert "dangling commit" not in repo.git("fsck")


def start(repo: Repo, words: list[str], hook: Receiver, **env: str) -> subprocess.Popen[bytes]:
    environment = {**repo.env, **env, "STREAMO_WEBHOOK_URL": hook.url}
    log = (repo.root.parent / "flow.log").open("ab")
    return subprocess.Popen(repo.words(*words), cwd=repo.root, env=environment, stdout=log, stderr=log)


def finished(repo: Repo, step: str) -> bool:
    return step in read_json(repo.runs()[0] / "journal.json")["steps"]


def reach(flow: subprocess.Popen[bytes], repo: Repo, step: str) -> None:
    """Wait until the step is noted as finished; a flow that ended before that is not waited for."""
    assert wait_until(lambda: flow.poll() is not None or finished(repo, step), PATIENCE_S)
    assert flow.poll() is None, (repo.root.parent / "flow.log").read_text()


def kill(flow: subprocess.Popen[bytes]) -> None:
    """SIGKILL of the flow alone; whatever it had started must be gone soon."""
    family = [psutil.Process(flow.pid), *psutil.Process(flow.pid).children(recursive=True)]
    os.kill(flow.pid, signal.SIGKILL)
    flow.wait()
    assert wait_until(lambda: not alive(family), GONE_S), alive(family)


def test_same_data_again_does_nothing(straight: Repo) -> None:
    before = straight.git("for-each-ref")
    straight.retrain("--source", "../new")
    outcome = straight.outcome()
    assert outcome["decision"] == "nothing"
    assert "the same data gives the same model" in outcome["reason"]
    assert straight.git("for-each-ref") == before


def test_a_worse_candidate_is_kept_but_does_not_serve(straight: Repo, hook: Receiver) -> None:
    write_videos(straight.root.parent / "worse", ["shuffled0", "shuffled1"])
    before = straight.git("rev-parse", "retrain")
    done = straight.retrain("--source", "../worse")
    outcome = straight.outcome()
    assert outcome["decision"] == "refused"
    assert outcome["gate"]["groups"]["forward"]["interval"][1] < 0
    assert outcome["gate"]["groups"]["forward"]["worse"]
    assert straight.git("rev-parse", "retrain") == before
    assert straight.versions()["v0.0.2"] == "champion"
    assert straight.versions()["v0.0.3"] == "archived"
    assert straight.git("rev-parse", "streamo@v0.0.3^{commit}") == outcome["commit"]
    assert "streamo@v0.0.3" in straight.git("ls-remote", "up")
    assert "STREAMO_WEBHOOK_URL is not set" in done.stdout


def test_bad_data_ends_the_run_with_its_rows_and_a_deaf_webhook_is_said(fresh: Repo, tmp_path: Path) -> None:
    repo = copy_repo(fresh, tmp_path / "top")
    bad = repo.root.parent / "bad"
    write_videos(bad, ["n0", "n1"])
    (bad / "labels.json").write_text(json.dumps([{"id": "row-7", "video_path": "train/n0.mp4", "bad": True}]))
    done = repo.retrain("--source", "../bad", check=1, STREAMO_WEBHOOK_URL="http://127.0.0.1:9/hook")
    outcome = repo.outcome()
    assert outcome["decision"] == "failed"
    assert "row-7" in outcome["reason"] and "row-7" in done.stderr
    assert not outcome["notified"]["sent"] and "no connection" in outcome["notified"]["why"]
    assert repo.versions() == {"v0.0.1": "champion"}
    assert not repo.git("for-each-ref", "refs/heads/retrain")


def test_a_run_that_cannot_go_on_is_given_up_by_hand(fresh: Repo, tmp_path: Path) -> None:
    repo = copy_repo(fresh, tmp_path / "top")
    open_run = repo.root / "runs/retrain/20260101T000000Z"
    open_run.mkdir(parents=True)
    asked = {
        "reason": "forced",
        "source": None,
        "sessions": [],
        "settings": {},
        "identity": ["a", "a@example.org"],
    }
    journal = {
        "schema": 1,
        "id": open_run.name,
        "started_at": "2026-01-01T00:00:00Z",
        "parameters": asked,
        "steps": {},
    }
    (open_run / "journal.json").write_text(json.dumps(journal))
    repo.run(sys.executable, "-m", "flows.retrain", "--abandon", "its code is wrong")
    assert repo.outcome()["decision"] == "failed"
    assert "its code is wrong" in repo.outcome()["reason"]
    assert "no retraining run is open" in repo.run(*repo.words("--abandon", "again"), check=1).stderr
