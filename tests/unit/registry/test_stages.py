"""Which version serves: the gate's consent, one stage a version, rollback that walks back, bytes verified."""

import json

import pytest

from components.core.errors import DataError, UsageError
from components.core.files import dumps, read_json
from components.core.hashing import sha256_tree
from components.registry.registration import register
from components.registry.settings import STORE_VARIABLE
from components.registry.stages import assign, promote, rollback
from components.registry.versions import champion, versions
from tests.support.registry_repo import PRODUCT


def stages(repo):
    return {version.version: version.stage for version in versions(repo.root)}


def serve(repo, *weights):
    """Register a candidate a weight after the first one's, each promoted with the gate's consent."""
    for number, weight in enumerate(("one", *weights), start=1):
        serving = champion(repo.root)
        if number > 1:
            repo.make(weight)
        gate = repo.gate(serving.version if serving else None)
        promote(repo.root, register(repo.root, gate=gate).version, "champion")


def test_the_first_champion_needs_only_a_good_verdict(repo):
    register(repo.root)
    assert champion(repo.root) is None
    assert promote(repo.root, "v0.0.1", "champion").stage == "champion"
    assert champion(repo.root).version == "v0.0.1"


def test_a_refused_candidate_is_no_champion_unless_forced(repo):
    repo.make("two", decision="refuse")
    register(repo.root)
    with pytest.raises(DataError, match="its own verdict refuses it"):
        promote(repo.root, "v0.0.1", "champion")
    promote(repo.root, "v0.0.1", "champion", force="the only\nmodel there is")
    message = repo.git("for-each-ref", "refs/tags/streamo#champion#2", "--format=%(contents)")
    assert "forced: the only model there is" in message


def test_the_former_champion_is_archived_by_the_same_tag(repo):
    serve(repo)
    repo.make("two")
    register(repo.root, gate=repo.gate("v0.0.1"))
    before = set(repo.tags())
    promote(repo.root, "v0.0.2", "champion")
    assert stages(repo) == {"v0.0.1": "archived", "v0.0.2": "champion"}
    assert set(repo.tags()) - before == {"streamo#champion#4"}
    assert promote(repo.root, "v0.0.2", "champion").stage == "champion"
    assert len(repo.tags()) == len(before) + 1


@pytest.mark.parametrize(
    ("against", "decision", "reason"),
    [
        ("v0.0.1", "refuse", "the gate refuses it"),
        ("v0.0.9", "promote", "compared it with v0.0.9, but v0.0.1 serves now"),
        (None, "promote", "compared it with no champion, but v0.0.1 serves now"),
    ],
)
def test_the_gate_must_consent_against_the_present_champion(repo, against, decision, reason):
    serve(repo)
    repo.make("two")
    register(repo.root, gate=repo.gate(against, decision))
    with pytest.raises(DataError, match=reason):
        promote(repo.root, "v0.0.2", "champion")
    assert stages(repo) == {"v0.0.1": "champion", "v0.0.2": "candidate"}


def test_without_a_gate_there_is_no_second_champion_until_a_later_gate_consents(repo):
    serve(repo)
    wrong = repo.gate("v0.0.1")
    wrong = wrong.rename(wrong.with_name("wrong.json"))
    repo.make("two", decision="refuse")
    register(repo.root)
    with pytest.raises(DataError, match=r"never compared with v0\.0\.1.*streamo gate"):
        promote(repo.root, "v0.0.2", "champion")
    with pytest.raises(DataError, match="judges the candidate with"):
        promote(repo.root, "v0.0.2", "champion", gate=wrong)
    assert promote(repo.root, "v0.0.2", "champion", gate=repo.gate("v0.0.1")).stage == "champion"


def test_what_serves_cannot_be_taken_away_without_a_successor(repo):
    serve(repo)
    for stage in ("archived", "candidate"):
        with pytest.raises(DataError, match="serves now"):
            promote(repo.root, "v0.0.1", stage)
    assert stages(repo) == {"v0.0.1": "champion"}


def test_a_candidate_can_be_archived_and_taken_back(repo):
    register(repo.root)
    assert assign(repo.root, "v0.0.1", "archived", "worse").stage == "archived"
    assert promote(repo.root, "v0.0.1", "candidate").stage == "candidate"


def test_unknown_names_are_told(repo):
    register(repo.root)
    with pytest.raises(
        UsageError, match="'production' is not a stage; they are candidate, champion, archived"
    ):
        promote(repo.root, "v0.0.1", "production")
    with pytest.raises(DataError, match=r"no version v0\.0\.5 has a tag here \(v0\.0\.1\)"):
        promote(repo.root, "v0.0.5", "champion")
    with pytest.raises(UsageError, match="only champion has a former one"):
        rollback(repo.root, "candidate")


def test_rollback_walks_back_and_does_not_swing(repo):
    serve(repo, "two", "three")
    assert rollback(repo.root, "champion").version == "v0.0.2"
    assert stages(repo) == {"v0.0.1": "archived", "v0.0.2": "champion", "v0.0.3": "archived"}
    assert rollback(repo.root, "champion").version == "v0.0.1"
    with pytest.raises(DataError, match=r"nothing to roll back to: v0\.0\.1 is the first"):
        rollback(repo.root, "champion")
    promote(repo.root, "v0.0.3", "champion", force="after all")
    assert rollback(repo.root, "champion").version == "v0.0.1"


def test_rollback_before_any_champion(repo):
    register(repo.root)
    with pytest.raises(DataError, match="nothing to roll back to: no version serves"):
        rollback(repo.root)


def test_rollback_gives_back_the_former_bytes_in_a_fresh_clone(repo, tmp_path, monkeypatch):
    first = sha256_tree(repo.root / PRODUCT)
    serve(repo, "two")
    monkeypatch.setenv(STORE_VARIABLE, str(repo.root / "registry/store"))
    clone = type(repo)(tmp_path / "clone")
    repo.git("clone", "-q", str(repo.root), str(clone.root))
    clone.set_identity()
    assert versions(clone.root) == versions(repo.root)
    store = {STORE_VARIABLE: str(repo.root / "registry/store")}
    said = json.loads(clone.streamo("rollback", "champion", "--into", "served", "--json", **store).stdout)
    assert (said["version"], said["stage"]) == ("v0.0.1", "champion")
    assert sha256_tree(clone.root / "served/product") == first
    clone.git("push", "-q", "origin", "--tags")
    assert champion(repo.root).version == "v0.0.1"


@pytest.mark.parametrize("spoil", ["flip", "remove"])
def test_a_damaged_package_is_never_served(repo, spoil):
    serve(repo, "two")
    sha256 = read_json(repo.root / "registry/store/versions/v0.0.1.json")["files"][
        "product/model.safetensors"
    ]["sha256"]
    path = repo.root / "registry/store/objects" / sha256[:2] / sha256[2:]
    if spoil == "flip":
        path.chmod(0o644)
        path.write_bytes(b"onf")
    else:
        path.unlink()
    tags = repo.tags()
    with pytest.raises(DataError, match=r"v0\.0\.1 does not verify.*product/model\.safetensors"):
        rollback(repo.root)
    assert repo.tags() == tags and champion(repo.root).version == "v0.0.2"


def test_an_edited_manifest_is_not_what_was_tagged(repo):
    serve(repo, "two")
    path = repo.root / "registry/store/versions/v0.0.1.json"
    manifest = read_json(path)
    manifest["files"]["product/README.md"] = manifest["files"]["product/verdict.json"]
    path.chmod(0o644)
    path.write_text(dumps(manifest))
    with pytest.raises(DataError, match="not the one that was tagged"):
        rollback(repo.root)
    assert champion(repo.root).version == "v0.0.2"


def test_gto_itself_sees_the_same_champion(repo):
    serve(repo, "two")
    rollback(repo.root)
    shown = repo.run("gto", "show", "streamo#champion", "--json").stdout
    assert [row["version"] for row in json.loads(shown)] == ["v0.0.1"]


def test_lines_for_people(repo):
    assert repo.streamo("versions").stdout == "no version yet: `streamo register`\n"
    serve(repo)
    head, row = repo.streamo("versions").stdout.splitlines()
    assert head.split() == ["version", "stage", "model", "decision", "registered_at", "commit"]
    assert row.split()[:4] == ["v0.0.1", "champion", "focal-0", "promote"]
    assert json.loads(repo.streamo("versions", "--json").stdout)["stage"] == "champion"
    done = repo.streamo("promote", "v0.0.2", "champion", check=1)
    assert done.stdout == "" and "no version v0.0.2" in done.stderr


def test_publish_copies_a_version_to_another_store(repo):
    serve(repo)
    said = json.loads(repo.streamo("publish", "champion", "--to", "runs/other", "--json").stdout)
    assert said["version"] == "v0.0.1"
    other, own = repo.root / "runs/other", repo.root / "registry/store"
    assert sha256_tree(other) == sha256_tree(own) and len(sha256_tree(other)) == said["files"] + 1
