"""The store in an S3 bucket, on boto3; the layout is the folder's."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from components.core.errors import DataError, StoreError
from components.core.s3_client import (
    UNKNOWN_REQUEST,
    code_of,
    explained,
    make_client,
    parse_address,
    read_s3_settings,
)
from components.core.s3_download import stream_object
from components.core.s3_upload import put_if_absent
from components.registry.s3_publish import Publisher
from components.registry.store_progress import ByteProgress

PROBE = "conditional-writes"
PROBE_TEXT = (
    b"Written with If-None-Match to see whether this server keeps to it: components/registry/README.md\n"
)


class S3Backend:
    """Keys below `s3://bucket/prefix`."""

    def __init__(self, url: str):
        self.bucket, self.prefix = parse_address(url)
        self.url = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        self.settings = read_s3_settings()
        self.client = make_client(self.settings)

    def place(self, key: str) -> dict[str, str]:
        """Bucket and whole key."""
        return {"Bucket": self.bucket, "Key": self.prefix + key}

    def explained(self, action: str) -> Any:
        """Errors of boto3 in words."""
        return explained(self.url, action, self.client)

    def pages(self, operation: str, prefix: str) -> Iterator[Any]:
        """Answers of a listing below `prefix`."""
        paginator = self.client.get_paginator(operation)
        yield from paginator.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix)

    def keys(self, prefix: str) -> list[str]:
        """Every key that begins with `prefix`."""
        with self.explained("list versions"):
            found = [
                each["Key"]
                for page in self.pages("list_objects_v2", prefix)
                for each in page.get("Contents", [])
            ]
        return sorted(key.removeprefix(self.prefix) for key in found)

    def stream(self, key: str) -> Iterator[bytes]:
        """An object in blocks; a broken download goes on where it stopped."""
        return stream_object(self.client, self.bucket, self.prefix + key, self.url, self.settings)

    def read(self, key: str) -> bytes | None:
        """A manifest, None if there is none; DataError if the bucket remembers another or a deleted one."""
        self.refuse_history(key)
        try:
            return b"".join(self.stream(key))
        except FileNotFoundError:
            return None

    def create(self, key: str, data: bytes) -> bool:
        """Create a manifest only if absent; False if there is one already."""
        self.require_conditional_writes()
        with self.explained(f"write {key} only if absent"):
            return put_if_absent(self.client, self.place(key), data, self.settings)

    @cached_property
    def versioned(self) -> bool:
        """Whether the bucket keeps (or has kept) older versions of its objects."""
        with self.explained("ask whether the bucket keeps versions"):
            try:
                return "Status" in self.client.get_bucket_versioning(Bucket=self.bucket)
            except ClientError as error:
                if code_of(error) in UNKNOWN_REQUEST:
                    return False  # the server has no such thing
                raise

    def refuse_history(self, key: str) -> None:
        """DataError if a manifest was overwritten or deleted: only a bucket with versioning can tell."""
        if not self.versioned:
            return
        whole = self.prefix + key
        with self.explained(f"list older versions of {key}"):
            pages = list(self.pages("list_object_versions", key))
        tags = {each["ETag"] for page in pages for each in page.get("Versions", []) if each["Key"] == whole}
        deleted = [each for page in pages for each in page.get("DeleteMarkers", []) if each["Key"] == whole]
        if deleted or len(tags) > 1:
            what = "deleted" if deleted else "overwritten"
            raise DataError(
                f"{self.url}/{key}: this manifest was {what} after it was published (the bucket's history "
                f"has {len(tags)} contents, {len(deleted)} deletions); remove all but the oldest from it"
            )

    @cached_property
    def keeps_conditions(self) -> bool:
        """Whether a second `If-None-Match: *` on one key is refused; one small key stays as the probe."""
        with self.explained(f"write {PROBE} only if absent"):
            for _ in range(2):  # the first finds the key of an earlier publisher, or creates it
                if not put_if_absent(self.client, self.place(PROBE), PROBE_TEXT, self.settings):
                    return True
        return False

    def require_conditional_writes(self) -> None:
        """StoreError on a server that overwrites although it was told not to."""
        if not self.keeps_conditions:
            raise StoreError(
                f"{self.url}: {self.client.meta.endpoint_url} ignores If-None-Match: two publishers could "
                "win one version; publish to a server that honours it, or to a folder"
            )

    def put_objects(self, objects: Mapping[str, Path], progress: ByteProgress) -> None:
        """Upload files under their SHA-256; what is there already is compared and kept."""
        self.require_conditional_writes()
        publisher = Publisher(self.client, self.bucket, self.prefix, self.url, self.settings)
        publisher.put_objects(objects, progress)
