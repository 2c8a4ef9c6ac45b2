"""`dvc push` and `dvc pull` through the S3 endpoint of the store, with settings from the environment only."""

from pathlib import Path

import pytest

from components.core.hashing import sha256_tree
from tests.support.s3_server import s3_server
from tests.support.toy_dag import Toy


def test_a_fresh_clone_gets_every_byte_from_the_remote(
    done: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server() as server:
        server.client().create_bucket(Bucket="remote")
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        done.run("dvc", "remote", "add", "-q", "-d", "s3", "s3://remote/dvc")
        done.run("git", "add", "-A")
        done.run("git", "-c", "user.email=a@example.org", "-c", "user.name=a", "commit", "-qm", "remote")
        done.run("dvc", "push", "-q")
        clone = Toy(tmp_path / "clone")
        done.run("git", "clone", "-q", str(done.root), str(clone.root))
        clone.run("dvc", "pull", "-q")
        assert clone.run("dvc", "status").stdout.strip() == "Data and pipelines are up to date."
        for name in ("data", "artifacts", "models"):
            assert sha256_tree(clone.root / name) == sha256_tree(done.root / name)
        settings = (clone.root / ".dvc/config").read_text()
        assert server.secret_key not in settings
        assert server.url not in settings
