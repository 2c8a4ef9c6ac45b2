"""The stage frame: publishes whole with a receipt, leaves a run record, and nothing when the body raises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.core.errors import InternalError
from components.core.hashing import fingerprint, sha256_tree
from components.lineage.stage import stage

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one matrix stage, one input, and code."""
    monkeypatch.delenv("DVC_STAGE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "components/x").mkdir(parents=True)
    (tmp_path / "components/x/a.py").write_text("pass\n")
    (tmp_path / "components/x/README.md").write_text("not code\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/v.mp4").write_bytes(b"video")
    entry = {
        "cmd": "exec true",
        "params": ["seed", "x.${item.loss}"],
        "outs": ["out/${item.loss}-${item.seed}"],
    }
    entry["deps"] = ["data", "components/x"]
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": entry}}))
    (tmp_path / "params.yaml").write_text("seed: 5\nx: {focal: 2, ce: 0}\nother: 1\n")
    return tmp_path


ITEM = {"loss": "focal", "seed": 0}


def records(root: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((root / "runs/train@focal-0").glob("*.json"))]


def test_product_receipt_and_record(checkout: Path) -> None:
    with stage("train", "out/focal-0", item=ITEM) as st:
        assert (st.seed, st.param("x.focal"), os.environ["DVC_STAGE"]) == (5, 2, "train@focal-0")
        with pytest.raises(InternalError, match="without declaring"):
            st.param("other")
        (st.dir / "w.bin").write_bytes(b"weights")
        st.record.extra["rows"] = 7
        assert not Path("out").exists(), "nothing appears before the end"
    assert "DVC_STAGE" not in os.environ
    identity = json.loads(Path("out/focal-0/identity.json").read_text())
    assert identity["item"] == {"loss": "focal", "seed": "0"}
    assert identity["params"] == {"seed": 5, "x.ce": 0, "x.focal": 2}
    assert identity["inputs"] == {"data": fingerprint(sha256_tree(Path("data")))}
    assert list(identity["code"]) == ["components/x/a.py"]
    assert all("+" not in version for version in identity["libraries"].values())
    (record,) = records(checkout)
    assert (record["status"], record["rows"]) == ("completed", 7)
    assert record["identity"] == fingerprint(identity)
    assert record["outputs"] == sha256_tree(Path("out/focal-0"))
    assert not list(Path(".scratch").rglob("*.bin"))


def test_same_inputs_give_the_same_receipt(checkout: Path) -> None:
    seen = set()
    for _ in range(2):
        with stage("train", "out/focal-0", item=ITEM) as st:
            (st.dir / "w").touch()
        seen.add(Path("out/focal-0/identity.json").read_bytes())
    assert len(seen) == 1


def test_a_body_that_raises_keeps_the_old_product_and_says_so_in_runs(checkout: Path) -> None:
    with stage("train", "out/focal-0", item=ITEM) as st:
        (st.dir / "good").touch()
    with pytest.raises(ZeroDivisionError), stage("train", "out/focal-0", item=ITEM) as st:
        (st.dir / "bad").touch()
        raise ZeroDivisionError
    assert {path.name for path in Path("out/focal-0").iterdir()} == {"good", "identity.json"}
    assert [record["status"] for record in records(checkout)].count("failed") == 1
    assert "DVC_STAGE" not in os.environ


def test_leftovers_of_a_killed_run_are_cleared_by_the_next(checkout: Path) -> None:
    left = Path(".scratch/stages/train@focal-0/.focal-0.new-abc")
    left.mkdir(parents=True)
    with stage("train", "out/focal-0", item=ITEM):
        assert not left.exists()
    assert [path.name for path in Path("out").iterdir()] == ["focal-0"]


def test_command_that_opens_another_stage_than_dvc_runs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@ce-0")
    with pytest.raises(
        InternalError, match="runs stage 'train@ce-0', but its command opened stage 'train@focal-0'"
    ):
        stage("train", "out/focal-0", item=ITEM).__enter__()


def test_item_keys_of_dvc_yaml_must_be_given(checkout: Path) -> None:
    text = Path("dvc.yaml").read_text().replace("- data\n", "- data/${item.shard}\n")
    Path("dvc.yaml").write_text(text)
    with (
        pytest.raises(InternalError, match=r"item\.shard.*every item key"),
        stage("train", "out/focal-0", item=ITEM),
    ):
        pass


def test_entry_fixes_the_hash_seed_before_anything_is_hashed(tmp_path: Path) -> None:
    room = tmp_path / "components/probe"
    room.mkdir(parents=True)
    for name in ("core", "lineage", "protocol", "__init__.py"):
        (tmp_path / "components" / name).symlink_to(ROOT / "components" / name)
    (room / "__init__.py").touch()
    body = "from components.lineage.stage import enter\nenter()\nimport os, sys\n"
    (room / "__main__.py").write_text(
        body + "print(hash('word'), os.environ['OMP_NUM_THREADS'], *sys.argv[1:])\n"
    )
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONHASHSEED", "PYTHONPATH")}
    argv = [sys.executable, "-m", "components.probe", "--loss", "a b"]
    said = {
        subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True).stdout for _ in range(2)
    }
    assert len(said) == 1
    assert said.pop().split(maxsplit=2)[1:] == ["1", "--loss a b\n"]
