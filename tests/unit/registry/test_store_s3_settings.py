"""What the S3 store refuses before it talks to a server, and how it cuts files into parts."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.core.errors import UsageError
from components.core.s3_client import MIB, S3Settings, read_s3_settings
from components.core.s3_upload import composite, plan_parts
from components.registry.s3_publish import is_stale
from components.registry.store import open_store


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "STREAMO_S3_PART_MIB", "STREAMO_S3_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    assert read_s3_settings() == S3Settings()
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    monkeypatch.setenv("STREAMO_S3_PART_MIB", "64")
    monkeypatch.setenv("STREAMO_S3_THREADS", "1")
    assert read_s3_settings() == S3Settings(part_bytes=64 * MIB, threads=1, attempts=9, mode="adaptive")


def test_parts_cover_a_file_and_are_never_too_many() -> None:
    parts = plan_parts(11, 5)
    assert [(part.number, part.offset, part.size) for part in parts] == [(1, 0, 5), (2, 5, 5), (3, 10, 1)]
    large = plan_parts(10**12 + 1, 5 * MIB)
    assert len(large) <= 10_000
    assert sum(part.size for part in large) == 10**12 + 1


def test_the_checksum_of_parts_is_that_of_s3(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abcde")
    digests = b"".join(hashlib.sha256(part).digest() for part in (b"ab", b"cd", b"e"))
    expected = f"{b64encode(hashlib.sha256(digests).digest()).decode()}-3"
    assert composite(tmp_path / "file", 2) == expected


def test_an_upload_is_old_after_a_week() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert not is_stale(now - timedelta(days=6), now)
    assert is_stale(now - timedelta(days=8), now)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("STREAMO_S3_PART_MIB", "4"), ("AWS_MAX_ATTEMPTS", "0"), ("STREAMO_S3_THREADS", "many")],
)
def test_odd_settings_are_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable):
        open_store("s3://bucket/prefix")


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "s3://A_B/x", "s3://b/x"])
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="expected s3://bucket/prefix"):
        open_store(url)
