"""`streamo gate` in a real repository: the tags name the champion, its points come from the store."""

import json
from pathlib import Path

import pytest

from components.core.files import write_bytes, write_json
from tests.support.gate_points import register_product, simulated
from tests.support.registry_repo import PRODUCT, Repo, make_repo, pin


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return make_repo(tmp_path_factory.mktemp("gate") / "repo")


def make_candidate(repo: Repo, loss: float, weights: str) -> None:
    """A committed register product of simulated points."""
    ours, _ = simulated(0, sets=40, loss=loss, shared=0.5)
    register_product(repo.root / PRODUCT, {"ovo": ours})
    write_bytes(repo.root / PRODUCT / "model.safetensors", weights.encode())
    pin(repo.root)
    repo.commit(f"candidate {weights}")


def test_the_first_is_promoted_a_worse_one_refused_and_told_why(repo: Repo) -> None:
    make_candidate(repo, 0.0, "first")
    write_json(repo.root / "runs/audit.json", {"ok": True, "findings": []})
    said = repo.streamo("gate", "--audit", "runs/audit.json", "--out", "runs/gate.json").stdout
    assert "there is no champion yet" in said and "passed       audit: everything verifies" in said
    version = json.loads(repo.streamo("register", "--gate", "runs/gate.json", "--json").stdout)["version"]
    repo.streamo("promote", version, "champion")

    make_candidate(repo, 0.6, "second")
    refused = json.loads(repo.streamo("gate", "--json", "--out", "runs/worse.json", check=1).stdout)
    assert refused == json.loads((repo.root / "runs/worse.json").read_text())
    group = refused["groups"]["forward"]
    assert (refused["decision"], refused["champion"]) == ("refuse", version)
    assert group["interval"][1] < 0 and len(group["worse"]) > 10
    told = repo.streamo("gate", check=1).stdout
    worst = group["worse"][0]
    assert f"FAILED       forward: {group['candidate']} (champion {group['champion']})" in told
    assert f"{worst['video_id']} {worst['task']}: 0.0 (champion 100.0)" in told
    assert f"and {len(group['worse']) - 10} more clips, see --json" in told
    assert told.endswith(f"refuse: focal-0 against {version}\n")
    assert "(champion 100.0)" in told and "not checked  audit" in told

    itself = repo.streamo("gate", version, "--champion", version).stdout
    assert "+0.00 points [+0.00, +0.00]" in itself and itself.endswith(
        f"promote: focal-0 against {version}\n"
    )


def test_a_champion_that_does_not_exist_is_named(repo: Repo) -> None:
    register_product(repo.root / "elsewhere", {})
    failed = repo.streamo("gate", "elsewhere", "--champion", "v9.0.0", check=1)
    assert "no version v9.0.0" in failed.stderr and failed.stdout == ""
    missing = repo.streamo("gate", str(Path("no/such/folder")), check=1)
    assert "no verdict.json, so no register product" in missing.stderr
