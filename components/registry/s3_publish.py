"""A version's objects on their way into a bucket: those there are kept, those half sent are gone on with."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from components.core.errors import DataError
from components.core.s3_client import ABSENT, S3Settings, code_of, explained
from components.core.s3_download import stream_object
from components.core.s3_upload import GONE, Upload, composite
from components.registry.store_manifest import object_key
from components.registry.store_progress import ByteProgress

ROUNDS = 3  # of one upload, when other publishers end it under us
STALE = timedelta(days=7)  # an unfinished upload of an object that is not ours is left alone for so long


@dataclass(frozen=True)
class Publisher:
    """Writes objects below `prefix` (empty, or with a slash at its end)."""

    client: Any
    bucket: str
    prefix: str
    url: str
    settings: S3Settings

    def put_objects(self, objects: Mapping[str, Path], progress: ByteProgress) -> None:
        """Upload files under their SHA-256, then end the uploads that nobody will finish."""
        unfinished = self.unfinished()
        uploads = [
            Upload(self.client, self.bucket, self.prefix + object_key(sha256), source, sha256, self.settings)
            for sha256, source in sorted(objects.items())
        ]
        for upload in uploads:
            with explained(self.url, f"write {object_key(upload.sha256)}", self.client):
                self.put(upload, [each["UploadId"] for each in unfinished.get(upload.key, [])], progress)
        self.end_leftovers({upload.key for upload in uploads})

    def end_leftovers(self, done: set[str]) -> None:
        """End the unfinished uploads of objects that are there now, and the old ones of others."""
        now = datetime.now(UTC)
        for key, found in self.unfinished().items():
            with explained(self.url, "end an unfinished upload", self.client):
                for each in found:
                    if key in done or is_stale(each["Initiated"], now):
                        self.abort(key, each["UploadId"])

    def put(self, upload: Upload, left: list[str], progress: ByteProgress) -> None:
        """Upload one object, or compare the one that is there; `left` are ids of its unfinished uploads."""
        before, size = progress.seen, upload.source.stat().st_size
        whole = size <= self.settings.part_bytes
        if not (upload.put_whole() if whole else self.put_parts(upload, left, progress)):
            self.compare(upload)
        progress.add(before + size - progress.seen)

    def put_parts(self, upload: Upload, left: list[str], progress: ByteProgress) -> bool:
        """Upload in parts; False if the object is there, from before or by another publisher's hand."""
        for attempt in range(ROUNDS):
            if self.head(upload):
                return False
            try:
                return upload.put_parts([] if attempt else left, progress.add)
            except ClientError as error:
                # Another publisher may have finished the same upload, or ended it, under us.
                over = code_of(error) not in GONE or attempt + 1 == ROUNDS
                if over and not self.head(upload):
                    raise
        return False

    def head(self, upload: Upload) -> Any:
        """What the server knows of an object, None if there is none."""
        try:
            return self.client.head_object(**upload.place, ChecksumMode="ENABLED")
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise

    def compare(self, upload: Upload) -> None:
        """DataError unless the object that is there has the bytes its name says.

        By the checksum the server has; where it has none (older servers, objects copied in by other tools)
        by reading the object.
        """
        if self.is_known_right(upload):
            return
        key = object_key(upload.sha256)
        found = hashlib.sha256()
        for block in stream_object(self.client, self.bucket, self.prefix + key, self.url, self.settings):
            found.update(block)
        if found.hexdigest() != upload.sha256:
            raise DataError(
                f"{self.url}/{key}: should have SHA-256 {upload.sha256}, found {found.hexdigest()}: the "
                "store is damaged; delete this object and publish again, and `streamo audit` all versions"
            )

    def is_known_right(self, upload: Upload) -> bool:
        """Whether the server's own SHA-256 of an object, whole or of its parts, is the right one."""
        answer = self.head(upload) or {}
        checksum = answer.get("ChecksumSHA256", "")
        if answer.get("ContentLength") != upload.source.stat().st_size:
            return False
        step = answer.get("Metadata", {}).get("part-bytes", "")
        if "-" in checksum and step.isdecimal() and int(step) > 0:
            return bool(checksum == composite(upload.source, int(step)))
        return bool(checksum == base64.b64encode(bytes.fromhex(upload.sha256)).decode())

    def unfinished(self) -> dict[str, list[Any]]:
        """Multipart uploads under way or left behind, by whole key, the newest first."""
        found: dict[str, list[Any]] = {}
        with explained(self.url, "list unfinished uploads", self.client):
            pages = self.client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}objects/"):
                for each in page.get("Uploads", []):
                    found.setdefault(each["Key"], []).append(each)
        for uploads in found.values():
            uploads.sort(key=lambda each: each["Initiated"], reverse=True)
        return found

    def abort(self, key: str, upload_id: str) -> None:
        """End an upload that is of no more use; somebody may have ended it before us."""
        try:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if code_of(error) not in GONE:
                raise


def is_stale(initiated: datetime, now: datetime) -> bool:
    """Whether an upload is so old that no publisher can still be at it."""
    return now - initiated > STALE
