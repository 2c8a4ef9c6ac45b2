"""A prefix of an S3 bucket as a source; endpoint, region and credentials are boto3's own environment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.lineage.tree import md5_file
from flows.retraining.context import RejectedError
from flows.retraining.sources import S3, Entry, judged

TRIES = 6  # of one request, with growing pauses: throttling and 5xx are retried by the client
CONNECT_S, READ_S = 10, 60
FINAL = {"NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "404"}


class Bucket:
    """The objects below `s3://bucket/prefix/`."""

    def __init__(self, client: Any, bucket: str, prefix: str):
        self.client, self.bucket, self.prefix = client, bucket, prefix
        self.objects: dict[str, tuple[int, str]] = {}  # name -> bytes, ETag

    @classmethod
    def open(cls, url: str) -> "Bucket":
        """A client for `s3://bucket/prefix`; opens no connection yet."""
        import boto3
        from botocore.config import Config

        bucket, _, prefix = url.removeprefix(S3).partition("/")
        if not bucket:
            raise RejectedError(f"{url}: expected s3://bucket/prefix")
        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"max_attempts": TRIES, "mode": "standard"},
        )
        return cls(
            boto3.client("s3", config=config), bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        )

    def entries(self) -> Iterator[Entry]:
        """Every object, sorted by name; the empty objects that stand for folders are left out.

        Raises:
            RejectedError: no such bucket, or no access.
            DataError: the service cannot be reached or fails.

        """
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    name = item["Key"].removeprefix(self.prefix)
                    if not (name.endswith("/") or name == "") or item["Size"]:
                        self.objects[name] = (int(item["Size"]), item["ETag"].strip('"'))
        except self._errors() as error:
            raise self._failure(error, "list") from None
        yield from (judged(name) for name in sorted(self.objects))

    def equals(self, name: str, other: Path) -> bool | None:
        """By size and, where the ETag is the MD5 of the bytes, by that: then nothing is downloaded."""
        size, etag = self.objects[name]
        if size != other.stat().st_size:
            return False
        return True if md5_file(other) == etag else None

    def copy(self, name: str, to: Path) -> None:
        """Download one object; boto3 retries, and refuses a truncated answer."""
        try:
            self.client.download_file(self.bucket, self.prefix + name, str(to))
        except self._errors() as error:
            raise self._failure(error, name) from None
        if to.stat().st_size != self.objects[name][0]:
            raise DataError(f"{S3}{self.bucket}/{self.prefix}{name}: changed while it was read; run again")

    @staticmethod
    def _errors() -> tuple[type[Exception], ...]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        return (BotoCoreError, ClientError, Boto3Error)

    def _failure(self, error: Exception, what: str) -> DataError:
        code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
        said = f"{S3}{self.bucket}/{self.prefix}: {what}: {error}"
        if code in FINAL:
            return RejectedError(f"{said}; check `--source` and the credentials in the environment")
        return DataError(f"{said}; run again when the service answers (AWS_ENDPOINT_URL names it)")
