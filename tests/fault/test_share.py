"""The share, as a folder and as a bucket: whole, never out of its place, loud where it is not there."""

import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from components.core.errors import InternalError, StoreError, UsageError
from components.core.share import Share, TooLargeError, open_share, shared
from components.core.share_folder import FolderShare
from tests.support.packages import noise
from tests.support.s3_proxy import PASS, Deed, Proxy, s3_proxy
from tests.support.s3_server import S3Server, free_port, s3_server

MIB = 2**20
LARGE = noise(11 * MIB + 3, "frames")  # three parts of 5 MiB
NAME = "frames/ab/ab12-448.frames"


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    with s3_server() as server:
        server.client().create_bucket(Bucket="shared")
        yield server


@pytest.fixture
def proxy(bucket: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with s3_proxy(bucket.url) as running:
        env = {"AWS_ENDPOINT_URL": running.url, "AWS_MAX_ATTEMPTS": "2", "STREAMO_S3_PART_MIB": "5"}
        for name, value in {**bucket.env, **env}.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture(params=["folder", "s3"])
def share(request: pytest.FixtureRequest, tmp_path: Path) -> Share:
    if request.param == "folder":
        (tmp_path / "share").mkdir()
        return open_share(str(tmp_path / "share"))
    request.getfixturevalue("proxy")
    return open_share(f"s3://shared/{tmp_path.name}/")


def every_use(share: Share, name: str, path: Path) -> list[Callable[[], object]]:
    return [
        lambda: share.get(name),
        lambda: share.get_file(name, path),
        lambda: share.create(name, b""),
        lambda: share.put(name, b""),
    ]


def test_bytes_and_files_come_back_as_they_went(share: Share, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(LARGE)
    (tmp_path / "empty").write_bytes(b"")
    assert (share.get(NAME), share.get_file(NAME, tmp_path / "none")) == (None, False)
    assert not (tmp_path / "none").exists()
    assert share.create(NAME, tmp_path / "large")
    assert not share.create(NAME, tmp_path / "empty")
    assert not share.create(NAME, b"")
    assert share.get_file(NAME, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == LARGE == share.get(NAME)
    share.put(NAME, tmp_path / "empty")
    assert share.get(NAME) == b""
    assert share.get_file(NAME, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""
    share.put(NAME, tmp_path / "large")
    share.put("answers/one", b"12345")
    assert (share.get(NAME), share.get("answers/one", most=5)) == (LARGE, b"12345")
    with pytest.raises(TooLargeError, match="answers/one: more than 4 bytes"):
        share.get("answers/one", most=4)
    with pytest.raises(TooLargeError, match=f"{NAME}: more than {8 * MIB} bytes"):
        share.get_file(NAME, tmp_path / "copy", most=8 * MIB)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["copy", "empty", "large"]


@pytest.mark.parametrize(
    "name", ["", "/etc/x", "../x", "a/../x", "a//b", ".hidden", "a/.b", "a\\b", "A", "a\n", "a b", "a/"]
)
def test_a_name_that_is_none_is_refused(share: Share, tmp_path: Path, name: str) -> None:
    for use in every_use(share, name, tmp_path / "x"):
        with pytest.raises(InternalError, match="no name for a share"):
            use()


def test_of_many_writers_one_wins_and_all_read_its_bytes(share: Share) -> None:
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda n: share.create("answers/race", bytes([n]) * 1000), range(4)))
    assert won.count(True) == 1
    assert share.get("answers/race") == bytes([won.index(True)]) * 1000


def test_a_download_that_breaks_off_goes_on(proxy: Proxy, tmp_path: Path) -> None:
    share = open_share(f"s3://shared/{tmp_path.name}")
    share.put(NAME, LARGE)
    proxy.rule = lambda request: Deed(cut=9 * MIB) if "range" not in request.headers else PASS
    assert share.get_file(NAME, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == LARGE
    proxy.rule = lambda request: Deed(cut=MIB)
    (tmp_path / "copy").unlink()
    with pytest.raises(StoreError, match="broke off 2 times"):
        share.get_file(NAME, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_that_does_not_do_its_part_is_an_error_in_words(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match=r"no bucket 'nobody-made-this'.*STREAMO_SHARE"):
        open_share("s3://nobody-made-this/x").get(NAME)
    with pytest.raises(StoreError, match="no bucket 'nobody-made-this'"):
        open_share("s3://nobody-made-this/x").create(NAME, b"")
    share = open_share("s3://shared/x")
    proxy.rule = lambda request: Deed(error=(403, "AccessDenied"))
    with pytest.raises(StoreError, match=r"does not allow GetObject.*s3-policy\.json"):
        share.get(NAME)
    with pytest.raises(StoreError, match="does not allow PutObject"):
        share.put(NAME, b"")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        open_share("s3://shared/x").get(NAME)
    assert caught.value.exit_code == 3


def test_a_folder_that_does_not_do_its_part_is_an_error_in_words(tmp_path: Path) -> None:
    share = open_share(str(tmp_path / "mount"))
    for use in every_use(share, NAME, tmp_path / "x"):
        with pytest.raises(StoreError, match="no such folder: mount or create"):
            use()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mount").mkdir()
    os.mkfifo(tmp_path / "mount/pipe")
    with pytest.raises(StoreError, match="pipe: is no file"):
        share.get("pipe")
    (tmp_path / "mount/frames").mkdir()
    (tmp_path / "mount/frames/ab").write_bytes(b"a file where a folder should be")
    for use in every_use(share, NAME, tmp_path / "x"):
        with pytest.raises(StoreError, match=r"cannot .*Then run it again"):
            use()


def test_the_setting_and_the_environment_name_the_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.delenv("STREAMO_SHARE", raising=False)
    assert shared(tmp_path) is None

    def says(value: object) -> Share | None:
        (tmp_path / "params.yaml").write_text(yaml.safe_dump({"shared": value}))
        return shared(tmp_path)

    assert says(None) is None
    found = says("runs/share")
    assert isinstance(found, FolderShare)
    assert found.root == tmp_path / "runs/share"
    monkeypatch.setenv("STREAMO_SHARE", "/mnt/labels")
    found = says("s3://bucket/x")
    assert found is not None and found.url == "/mnt/labels"
    monkeypatch.setenv("STREAMO_SHARE", "s3://bucket/x/")
    found = says(None)
    assert found is not None and found.url == "s3://bucket/x"
    monkeypatch.setenv("STREAMO_SHARE", "http://bucket/x")
    with pytest.raises(UsageError, match="STREAMO_SHARE is 'http://bucket/x', expected a folder or s3://"):
        shared(tmp_path)
    monkeypatch.setenv("STREAMO_SHARE", "")
    for odd in ("", 5, ["x"], "gs://x"):
        with pytest.raises(UsageError, match=r"params\.yaml shared is"):
            says(odd)
    with pytest.raises(UsageError, match="expected s3://bucket/prefix"):
        says("s3://")
