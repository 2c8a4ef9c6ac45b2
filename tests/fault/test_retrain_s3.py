"""New data from an S3 prefix (moto's server): known bytes are not downloaded, faults end well or are said."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.core.errors import DataError
from components.core.hashing import sha256_bytes
from flows.retraining.context import RejectedError
from flows.retraining.sources import open_source
from flows.retraining.staging import place, stage_source
from tests.support.s3_proxy import PASS, Deed, Proxy, s3_proxy
from tests.support.s3_server import S3Server, s3_server

LARGE = b"0123456789" * 1_000_000  # above the 8 MB from which boto3 downloads in parts
SLOW_DOWN = Deed(error=(503, "SlowDown"))


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def proxy(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    with s3_proxy(server.url) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        yield running


@pytest.fixture
def prefix(server: S3Server, proxy: Proxy, request: pytest.FixtureRequest) -> str:
    """`s3://bucket/incoming` with two videos, labels, a folder marker and a key outside the layout."""
    client, name = server.client(), f"bucket-{sha256_bytes(request.node.nodeid.encode())[:20]}"
    client.create_bucket(Bucket=name)
    objects = {
        "media/a.mp4": b"bytes of a",
        "media/large.mp4": LARGE,
        "media/": b"",
        "media/../../out.mp4": b"x",
        "labels.json": json.dumps([{"id": "1", "video_path": "a.mp4"}]).encode(),
    }
    for key, body in objects.items():
        client.put_object(Bucket=name, Key=f"incoming/{key}", Body=body)
    client.put_object(Bucket=name, Key="incoming-other/media/b.mp4", Body=b"of another prefix")
    return f"s3://{name}/incoming"


def test_a_prefix_is_staged_and_known_bytes_are_not_downloaded(
    server: S3Server, proxy: Proxy, prefix: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    (data / "media").mkdir(parents=True)
    (data / "media/a.mp4").write_bytes(b"bytes of a")
    snapshot = stage_source(lambda: open_source(prefix), data, tmp_path / "run/incoming")
    assert snapshot["videos"] == ["large.mp4"]
    assert (snapshot["files"], snapshot["present"]) == (4, 1)
    assert [(row["id"], row["reason"]) for row in snapshot["quarantine"]] == [
        ("media/../../out.mp4", "bad_name")
    ]
    assert not [request for request in proxy.seen if "media/a.mp4" in request.path]
    place(tmp_path / "run/incoming", data, snapshot["place"])
    assert (data / "media/large.mp4").read_bytes() == LARGE
    assert not (tmp_path / "out.mp4").exists()


def test_other_bytes_under_a_known_name_are_refused(prefix: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "media").mkdir(parents=True)
    (data / "media/a.mp4").write_bytes(b"BYTES of a")
    snapshot = stage_source(lambda: open_source(prefix), data, tmp_path / "run/incoming")
    assert "other_bytes" in {row["reason"] for row in snapshot["quarantine"]}
    assert "media/a.mp4" not in snapshot["place"]


def test_throttling_and_a_cut_answer_are_tried_again(proxy: Proxy, prefix: str, tmp_path: Path) -> None:
    left = [SLOW_DOWN, Deed(cut=3), PASS]
    proxy.rule = lambda request: left.pop(0) if left and "media/a.mp4" in request.path else PASS
    snapshot = stage_source(lambda: open_source(prefix), tmp_path / "data", tmp_path / "run/incoming")
    assert snapshot["place"]["media/a.mp4"] == sha256_bytes(b"bytes of a")
    assert not left


def test_a_service_that_stays_broken_leaves_nothing_half(proxy: Proxy, prefix: str, tmp_path: Path) -> None:
    proxy.rule = lambda request: Deed(cut=3) if "media/a.mp4" in request.path else PASS
    with pytest.raises(DataError, match=r"media/a\.mp4.*run again"):
        stage_source(lambda: open_source(prefix), tmp_path / "data", tmp_path / "run/incoming")
    assert not list((tmp_path / "run").iterdir())


def test_a_missing_bucket_and_a_missing_name_are_final(proxy: Proxy, tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match=r"NoSuchBucket.*check `--source`"):
        stage_source(
            lambda: open_source("s3://no-such-bucket/x"), tmp_path / "data", tmp_path / "run/incoming"
        )
    with pytest.raises(RejectedError, match=r"expected s3://bucket/prefix"):
        open_source("s3://")
