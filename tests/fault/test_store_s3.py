"""The store on S3, against moto's server: kills, races, refusals, throttling, broken downloads."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.core.errors import DataError, StoreError, UsageError
from components.core.files import dumps
from components.core.hashing import sha256_bytes, sha256_tree
from components.core.process import start_group
from components.registry.store import WrongObjectError, open_store
from components.registry.store_manifest import object_key
from tests.support.packages import PRODUCT, make_package, noise
from tests.support.processes import wait_until
from tests.support.s3_proxy import PASS, Deed, Proxy, Request, s3_proxy
from tests.support.s3_server import S3Server, free_port, s3_server

ROOT = Path(__file__).resolve().parents[2]
MIB = 2**20
LARGE = {"product/model.safetensors": noise(11 * MIB + 3, "large")}  # three parts of 5 MiB
SLOW_DOWN = Deed(error=(503, "SlowDown"))


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A bucket of the test's own; this process's environment points at the server."""
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STREAMO_S3_PART_MIB", "5")
    name = f"bucket-{sha256_bytes(request.node.nodeid.encode())[:20]}"
    server.client().create_bucket(Bucket=name)
    return name


@pytest.fixture
def proxy(server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The same, through a proxy."""
    with s3_proxy(server.url) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        yield running


def test_bucket_and_folder_have_the_same_layout(server: S3Server, bucket: str, tmp_path: Path) -> None:
    manifest, files = make_package(tmp_path / "package", files={**PRODUCT, **LARGE})
    folder, remote = open_store(tmp_path / "store"), open_store(f"s3://{bucket}/some/prefix/")
    folder.publish(manifest, files)
    remote.publish(manifest, files)
    found = server.tree(bucket, "some/prefix/")
    assert found.pop("conditional-writes").startswith(b"Written with If-None-Match")
    assert {key: sha256_bytes(data) for key, data in found.items()} == sha256_tree(Path(folder.url))
    assert remote.versions() == ["v0.1.0"]
    fetched = remote.fetch("v0.1.0", tmp_path / "fetched")
    hashes = sha256_tree(fetched)
    assert hashes.pop("version.json") == sha256_bytes(dumps(manifest).encode())
    assert hashes == sha256_tree(tmp_path / "package")
    assert server.unfinished(bucket) == []


def test_publishing_again_sends_no_object_again_and_mends_a_missing_one(
    server: S3Server, proxy: Proxy, bucket: str, tmp_path: Path
) -> None:
    manifest, files = make_package(tmp_path / "package", files={**PRODUCT, **LARGE})
    store = open_store(f"s3://{bucket}/p")
    store.publish(manifest, files)
    before = server.tree(bucket, "")
    receipt = object_key(sha256_bytes(PRODUCT["product/receipts/models/base/identity.json"]))
    server.client().delete_object(Bucket=bucket, Key=f"p/{receipt}")
    proxy.seen.clear()
    assert open_store(f"s3://{bucket}/p").publish({**manifest, "registered_at": "later"}, files) == manifest
    assert server.tree(bucket, "") == before
    assert [request.part for request in proxy.seen if request.part] == []


def publisher(url: str, folder: Path, server_env: dict[str, str]) -> subprocess.Popen[str]:
    env = {**os.environ, **server_env, "STREAMO_S3_PART_MIB": "5", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.support.publish_one", url, str(folder), "c" * 40, "0"]
    return start_group(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_publisher_killed_amid_parts_is_gone_on_with(
    server: S3Server, proxy: Proxy, bucket: str, tmp_path: Path
) -> None:
    manifest, files = make_package(tmp_path / "package", commit="c" * 40, files=LARGE)
    proxy.rule = lambda request: Deed(hold=True) if (request.part or 0) > 1 else PASS
    killed = publisher(f"s3://{bucket}/p", tmp_path / "package", {"AWS_ENDPOINT_URL": proxy.url})
    key = f"p/{object_key(manifest['files']['product/model.safetensors']['sha256'])}"
    assert wait_until(lambda: bool(server.unfinished(bucket)), 60)
    (upload,) = server.unfinished(bucket)
    listed = server.client().list_parts
    assert wait_until(lambda: bool(listed(Bucket=bucket, Key=key, UploadId=upload).get("Parts")), 60), (
        "the first part never arrived"
    )
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=60)
    proxy.rule, proxy.seen = lambda request: PASS, []
    store = open_store(f"s3://{bucket}/p")
    assert store.versions() == []
    store.publish(manifest, files)
    assert sorted(request.part for request in proxy.seen if request.part) == [2, 3]
    assert store.verify("v0.1.0") == []
    assert server.unfinished(bucket) == []


def test_a_wrong_part_of_a_killed_publisher_is_sent_anew(
    server: S3Server, proxy: Proxy, bucket: str, tmp_path: Path
) -> None:
    manifest, files = make_package(tmp_path / "package", files=LARGE)
    place = {"Bucket": bucket, "Key": object_key(manifest["files"]["product/model.safetensors"]["sha256"])}
    client = server.client()
    upload = client.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")["UploadId"]
    client.upload_part(
        **place, UploadId=upload, PartNumber=1, Body=LARGE["product/model.safetensors"][: 5 * MIB]
    )
    client.upload_part(**place, UploadId=upload, PartNumber=2, Body=b"\0" * (5 * MIB))
    store = open_store(f"s3://{bucket}")
    store.publish(manifest, files)
    assert sorted(request.part for request in proxy.seen if request.part) == [2, 3]
    assert store.verify("v0.1.0") == []


def test_old_unfinished_uploads_are_ended(server: S3Server, bucket: str, tmp_path: Path) -> None:
    # moto says of every upload that it began in 2010.
    server.client().create_multipart_upload(Bucket=bucket, Key="objects/ab/cdef")
    server.client().create_multipart_upload(Bucket=bucket, Key="not-ours")
    open_store(f"s3://{bucket}").publish(*make_package(tmp_path / "package"))
    assert len(server.unfinished(bucket)) == 1


def test_of_four_publishers_at_once_one_wins(server: S3Server, bucket: str, tmp_path: Path) -> None:
    start = str(time.time() + 4)
    command = [sys.executable, "-m", "tests.support.publish_one", f"s3://{bucket}/p"]
    racers = {
        me: subprocess.Popen(
            [*command, str(tmp_path / me), me * 40, start], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for me in "1234"
    }
    said = {me: racer.communicate(timeout=120)[0].strip() for me, racer in racers.items()}
    (winner,) = [me for me, line in said.items() if line == "won"]
    assert open_store(f"s3://{bucket}/p").manifest("v0.1.0")["commit"] == winner * 40
    assert all(
        f"was published from commit {winner * 40}" in line for me, line in said.items() if me != winner
    )


def test_two_publishers_of_one_large_object_both_end_well(
    server: S3Server, bucket: str, tmp_path: Path
) -> None:
    for me in "12":
        make_package(tmp_path / me, files=LARGE)
    both = [publisher(f"s3://{bucket}/p", tmp_path / me, server.env) for me in "12"]
    assert [each.communicate(timeout=120)[0].strip() for each in both] == ["won", "won"]
    assert open_store(f"s3://{bucket}/p").verify("v0.1.0") == []
    assert server.unfinished(bucket) == []


def test_throttling_for_a_while_passes_and_forever_ends(
    proxy: Proxy, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    left = 2

    def first_two(request: Request) -> Deed:
        nonlocal left
        left -= request.method == "PUT"
        return SLOW_DOWN if request.method == "PUT" and left >= 0 else PASS

    proxy.rule = first_two
    store = open_store(f"s3://{bucket}")
    store.publish(*make_package(tmp_path / "package"))
    assert left < 0
    proxy.rule, proxy.seen = lambda request: SLOW_DOWN, []
    with pytest.raises(StoreError, match=r"slow down.*3 attempts.*run it again"):
        store.manifest("v0.1.0")
    assert len(proxy.seen) == 3


def test_a_broken_download_goes_on_where_it_stopped(proxy: Proxy, bucket: str, tmp_path: Path) -> None:
    store = open_store(f"s3://{bucket}")
    store.publish(*make_package(tmp_path / "package", files=LARGE))
    proxy.seen.clear()
    proxy.rule = lambda request: (
        Deed(cut=4 * MIB) if request.is_object and "range" not in request.headers else PASS
    )
    folder = store.fetch("v0.1.0", tmp_path / "fetched")
    assert (folder / "product/model.safetensors").read_bytes() == LARGE["product/model.safetensors"]
    ranges = [request.headers["range"] for request in proxy.seen if "range" in request.headers]
    assert len(ranges) == 1
    assert 0 < int(ranges[0].removeprefix("bytes=").rstrip("-")) <= 4 * MIB


def test_a_download_that_always_breaks_ends_and_leaves_nothing(
    proxy: Proxy, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    store = open_store(f"s3://{bucket}")
    store.publish(*make_package(tmp_path / "package", files=LARGE))
    proxy.seen.clear()
    proxy.rule = lambda request: Deed(cut=1000) if request.is_object else PASS
    with pytest.raises(StoreError, match=r"broke off 2 times, last at byte \d+ with \d+ to come"):
        store.fetch("v0.1.0", tmp_path / "fetched")
    assert sum(request.is_object for request in proxy.seen) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


@pytest.mark.parametrize("change", ["flipped", "cut", "gone"])
def test_a_wrong_object_is_named_and_never_overwritten(
    server: S3Server, bucket: str, tmp_path: Path, change: str
) -> None:
    manifest, files = make_package(tmp_path / "package")
    store = open_store(f"s3://{bucket}")
    store.publish(manifest, files)
    data = PRODUCT["product/verdict.json"]
    place = {"Bucket": bucket, "Key": object_key(sha256_bytes(data))}
    client = server.client()
    client.delete_object(**place)
    if change != "gone":
        client.put_object(**place, Body=data[:-1] if change == "cut" else data[:-1] + b"!")
    with pytest.raises(WrongObjectError, match=r"v0\.1\.0, product/verdict\.json: .* found"):
        store.fetch("v0.1.0", tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()
    if change != "gone":
        with pytest.raises(DataError, match="the store is damaged"):
            open_store(f"s3://{bucket}").publish({**manifest, "version": "v0.2.0"}, files)
        assert store.versions() == ["v0.1.0"]


@pytest.mark.parametrize("deed", ["deleted", "overwritten"])
def test_in_a_bucket_that_keeps_versions_no_manifest_changes_unseen(
    server: S3Server, bucket: str, tmp_path: Path, deed: str
) -> None:
    client = server.client()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    manifest, files = make_package(tmp_path / "one")
    store = open_store(f"s3://{bucket}/p")
    store.publish(manifest, files)
    assert store.manifest("v0.1.0") == manifest
    key = "p/versions/v0.1.0.json"
    other, others = make_package(tmp_path / "two", commit="b" * 40)
    if deed == "deleted":
        client.delete_object(Bucket=bucket, Key=key)
    else:
        client.put_object(Bucket=bucket, Key=key, Body=dumps(other).encode())
    for action in (lambda: store.manifest("v0.1.0"), lambda: store.publish(other, others)):
        with pytest.raises(DataError, match=rf"v0\.1\.0\.json: this manifest was {deed}"):
            action()


def test_a_server_that_ignores_conditions_is_refused_before_anything_is_published(
    server: S3Server, proxy: Proxy, bucket: str, tmp_path: Path
) -> None:
    proxy.rule = lambda request: Deed(drop=frozenset({"if-none-match"}))
    with pytest.raises(StoreError, match="ignores If-None-Match"):
        open_store(f"s3://{bucket}").publish(*make_package(tmp_path / "package"))
    assert list(server.tree(bucket, "")) == ["conditional-writes"]


def test_a_server_that_refuses_conditions_is_named(proxy: Proxy, bucket: str, tmp_path: Path) -> None:
    proxy.rule = lambda request: (
        Deed(error=(501, "NotImplemented")) if "if-none-match" in request.headers else PASS
    )
    with pytest.raises(StoreError, match=r"only if absent.*does not know PutObject"):
        open_store(f"s3://{bucket}").publish(*make_package(tmp_path / "package"))


def test_what_is_missing_is_said(
    server: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match=r"no bucket 'nobody-made-this'.*create it"):
        open_store("s3://nobody-made-this/p").publish(*make_package(tmp_path / "package"))
    with pytest.raises(DataError, match=r"no version v9\.9\.9"):
        open_store(f"s3://{bucket}").manifest("v9.9.9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreError, match=r"cannot be reached.*AWS_ENDPOINT_URL"):
        open_store(f"s3://{bucket}").versions()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no-scheme:99")
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL"):
        open_store(f"s3://{bucket}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreError, match=r"no credentials.*AWS_ACCESS_KEY_ID"):
        open_store(f"s3://{bucket}").versions()
