"""A commit becomes a version once, whole, and only if the workspace is what the commit says."""

import pytest

from components.core.errors import DataError, UsageError
from components.core.files import read_json, write_json
from components.core.git import commit_time
from components.core.hashing import sha256_file, sha256_tree
from components.registry.package import build_package, check_package
from components.registry.registration import register
from components.registry.settings import read_settings
from components.registry.store import open_store
from components.registry.versions import find, promote, versions
from tests.support.registry_repo import CODE, PRODUCT, pin

FIRST = ["streamo#candidate#1", "streamo@v0.0.1"]


def store_of(repo):
    return open_store(read_settings(repo.root).store)


def test_a_version_is_a_tag_and_a_package_that_verifies(repo, tmp_path):
    commit = repo.git("rev-parse", "HEAD")
    version = register(repo.root)
    assert (version.version, version.commit, version.stage) == ("v0.0.1", commit, "candidate")
    assert (version.model, version.decision, version.note) == ("focal-0", "register", "")
    assert version.registered_at == commit_time(repo.root, commit)
    assert repo.tags() == FIRST
    assert repo.git("rev-parse", "streamo@v0.0.1^{commit}") == commit
    store = store_of(repo)
    folder, manifest = store.fetch("v0.0.1", tmp_path / "package"), store.manifest("v0.0.1")
    assert check_package(folder, manifest) == []
    product = {
        f"product/{p.relative_to(repo.root / PRODUCT)}"
        for p in (repo.root / PRODUCT).rglob("*")
        if p.is_file()
    }
    git = {"git/dvc.lock", "git/dvc.yaml", "git/data.dvc", "git/params.yaml"}
    assert set(manifest["files"]) == product | git
    assert not (repo.root / ".scratch/registry" / commit).exists()


def test_registering_again_changes_nothing(repo):
    first = register(repo.root)
    store = store_of(repo)
    manifest, tags = store.manifest("v0.0.1"), repo.git("show-ref", "--tags")
    assert register(repo.root) == first
    assert (store.versions(), store.manifest("v0.0.1")) == (["v0.0.1"], manifest)
    assert repo.git("show-ref", "--tags") == tags


def test_the_next_candidate_is_the_next_version(repo):
    register(repo.root)
    repo.make("two")
    assert [register(repo.root).version, *[v.version for v in versions(repo.root)]] == [
        "v0.0.2",
        "v0.0.1",
        "v0.0.2",
    ]


def test_versions_are_ordered_by_number(repo):
    for number in range(2, 11):
        repo.git("tag", "-a", "-m", "x", f"streamo@v0.0.{number}", repo.commit(f"{number}"))
    repo.make("eleven")
    assert register(repo.root).version == "v0.0.11"
    assert [v.version for v in versions(repo.root)] == [f"v0.0.{number}" for number in range(2, 12)]
    assert {v.note for v in versions(repo.root)[:-1]} == {"no package in the store"}


def test_git_files_come_from_the_commit_not_from_the_workspace(repo):
    (repo.root / "params.yaml").write_text((repo.root / "params.yaml").read_text() + "# edited\n")
    _, files = build_package(repo.root, "v0.0.1")
    assert "edited" not in files["git/params.yaml"].read_text()


@pytest.mark.parametrize("path", ["params.yaml", "dvc.lock", CODE, "source/README.md"])
def test_a_modified_tracked_file_is_refused(repo, path):
    (repo.root / path).write_text((repo.root / path).read_text() + "\n# edited\n")
    with pytest.raises(DataError, match=rf"the tree is dirty: {path} is modified"):
        register(repo.root)
    assert repo.tags() == [] and store_of(repo).versions() == []


@pytest.mark.parametrize("path", ["components/new.py", "extra.dvc", "profiles/mine.yaml"])
def test_an_untracked_file_of_the_dag_is_refused(repo, path):
    (repo.root / path).parent.mkdir(exist_ok=True)
    (repo.root / path).write_text("seed: 1\n")
    with pytest.raises(DataError, match=f"{path} is not tracked"):
        register(repo.root)


def test_a_file_that_git_was_told_not_to_look_at_is_refused(repo):
    repo.git("update-index", "--assume-unchanged", "dvc.yaml")
    with pytest.raises(DataError, match=r"dvc\.yaml is modified"):
        register(repo.root)


def test_code_that_no_commit_has_is_refused(repo):
    repo.make("two")
    (repo.root / ".git/info/exclude").write_text("hidden.py\n")
    (repo.root / "components/train/hidden.py").write_text("x = 1\n")
    receipt = repo.root / PRODUCT / "receipts/models/focal-0/identity.json"
    told = read_json(receipt)
    told["code"]["components/train/hidden.py"] = sha256_file(repo.root / "components/train/hidden.py")
    write_json(receipt, told)
    pin(repo.root)
    repo.commit("made with hidden code")
    with pytest.raises(DataError, match=r"made with other components/train/hidden\.py"):
        register(repo.root)


def test_an_untracked_note_is_no_dirt(repo):
    (repo.root / "note.txt").write_text("remember\n")
    assert register(repo.root).version == "v0.0.1"


def test_a_flipped_byte_in_the_product_is_refused(repo):
    (repo.root / PRODUCT / "model.safetensors").write_bytes(b"onf")
    with pytest.raises(DataError, match=r"artifacts/register: is .* pins"):
        register(repo.root)
    assert repo.tags() == []


def test_code_committed_after_the_run_is_refused(repo):
    (repo.root / CODE).write_text("# faster\n")
    repo.commit("faster")
    with pytest.raises(DataError, match=rf"identity.json: made with other {CODE} than this commit has"):
        register(repo.root)


def test_params_committed_after_the_run_are_refused(repo):
    path = repo.root / "params.yaml"
    path.write_text(path.read_text().replace("0.001", "0.002"))
    repo.commit("another rate")
    with pytest.raises(DataError, match=r"made with other params train\.lr"):
        register(repo.root)


def test_a_lock_without_the_product_is_refused(repo):
    (repo.root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    repo.commit("empty lock")
    with pytest.raises(DataError, match="pins no artifacts/register"):
        register(repo.root)


def test_without_identity_git_says_what_to_set(repo):
    repo.git("config", "--unset", "user.name")
    repo.git("config", "--unset", "user.email")
    said = repo.streamo("register", check=2).stderr
    assert "git config user.name NAME" in said and len(said.splitlines()) == 1
    assert repo.tags() == []


def test_a_gate_of_another_candidate_is_refused(repo):
    gate = repo.gate(None)
    repo.make("two", decision="refuse")
    with pytest.raises(DataError, match="judges the candidate with"):
        register(repo.root, gate=gate)


def test_a_gate_that_is_none_is_refused(repo):
    gate = repo.root / "runs/gate.json"
    gate.parent.mkdir()
    gate.write_text('{"decision": "perhaps", "champion": null}')
    with pytest.raises(DataError, match="not a result of `streamo gate`"):
        register(repo.root, gate=gate)
    with pytest.raises(UsageError, match="no such file"):
        register(repo.root, gate=repo.root / "none.json")


def test_a_later_gate_is_said_to_be_left_out(repo, capsys):
    register(repo.root)
    assert register(repo.root, gate=repo.gate(None)).version == "v0.0.1"
    assert "never changes" in capsys.readouterr().err
    assert "gate.json" not in store_of(repo).manifest("v0.0.1")["files"]


def test_a_kill_between_package_and_tag_is_completed(repo):
    version = register(repo.root)
    repo.git("tag", "-d", *FIRST)
    assert register(repo.root) == version and repo.tags() == FIRST


def test_a_kill_between_tag_and_stage_is_completed(repo):
    register(repo.root)
    repo.git("tag", "-d", "streamo#candidate#1")
    assert find(repo.root, "v0.0.1").stage is None
    assert register(repo.root).stage == "candidate" and repo.tags() == FIRST


def test_a_rerun_does_not_take_the_champion_back_to_candidate(repo):
    register(repo.root)
    promote(repo.root, "v0.0.1", "champion")
    assert register(repo.root).stage == "champion"


def test_a_lost_package_is_published_again_and_said(repo, capsys):
    register(repo.root)
    (repo.root / "registry/store/versions/v0.0.1.json").unlink()
    assert find(repo.root, "v0.0.1").note == "no package in the store"
    assert register(repo.root).note == ""
    assert "publishing it again" in capsys.readouterr().err
    assert store_of(repo).verify("v0.0.1") == []


def test_a_product_of_a_real_dvc_run_registers_and_dvc_finds_the_champion(repo):
    for path in sorted((repo.root / PRODUCT).rglob("*")):
        if path.is_file():
            target = repo.root / "source" / path.relative_to(repo.root / PRODUCT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (repo.root / "source/README.md").unlink()
    (repo.root / "dvc.lock").unlink()
    repo.git("add", "-A")
    repo.run("dvc", "repro", "-q", "register")
    repo.commit("run by DVC")
    assert register(repo.root).version == "v0.0.1"
    promote(repo.root, "v0.0.1", "champion")
    repo.run("dvc", "artifacts", "get", "-q", ".", "streamo", "--stage", "champion", "--out", "runs/got")
    assert sha256_tree(repo.root / "runs/got") == sha256_tree(repo.root / PRODUCT)
