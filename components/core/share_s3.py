"""A share in a bucket, on boto3: attempts are bounded, large files go in parts and in blocks."""

import contextlib
import itertools
from collections.abc import Generator
from pathlib import Path

from botocore.exceptions import ClientError

from components.core.files import write_blocks
from components.core.hashing import sha256_file
from components.core.s3_client import (
    ABSENT,
    code_of,
    explained,
    make_client,
    parse_address,
    read_s3_settings,
)
from components.core.s3_download import stream_object
from components.core.s3_upload import Upload, put_if_absent, put_over
from components.core.share import MOST, MOST_FILE, bounded, checked


class S3Share:
    """Keys below `s3://bucket/prefix`; may be used by many threads at once."""

    def __init__(self, url: str):
        self.bucket, self.prefix = parse_address(url)
        self.url = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        self.settings = read_s3_settings()
        self.client = make_client(self.settings)

    def get(self, name: str, *, most: int = MOST) -> bytes | None:
        """See `Share.get`."""
        try:
            with contextlib.closing(self._stream(name)) as stream:
                return b"".join(bounded(stream, most, f"{self.url}/{name}"))
        except FileNotFoundError:
            return None

    def get_file(self, name: str, path: Path, *, most: int = MOST_FILE) -> bool:
        """See `Share.get_file`; a download that breaks off goes on where it stopped."""
        with contextlib.closing(self._stream(name)) as stream:
            try:
                first = next(stream, b"")
            except FileNotFoundError:
                return False
            write_blocks(path, bounded(itertools.chain([first], stream), most, f"{self.url}/{name}"))
        return True

    def create(self, name: str, data: bytes | Path) -> bool:
        """See `Share.create`. A server that ignores If-None-Match lets the last of several writers win."""
        return self._write(name, data, replace=False)

    def put(self, name: str, data: bytes | Path) -> None:
        """See `Share.put`."""
        self._write(name, data, replace=True)

    def _write(self, name: str, data: bytes | Path, *, replace: bool) -> bool:
        with explained(self.url, f"write {name}", self.client):
            if isinstance(data, bytes):
                put = put_over if replace else put_if_absent
                return put(self.client, self._place(name), data, self.settings)
            key, sha256 = self._place(name)["Key"], sha256_file(data)
            upload = Upload(self.client, self.bucket, key, data, sha256, self.settings, replace)
            if data.stat().st_size <= self.settings.part_bytes:
                return upload.put_whole()
            return (replace or not self._has(name)) and upload.put_parts([], lambda moved: None)

    def _has(self, name: str) -> bool:
        """Whether the name is taken; not in a missing bucket: HEAD cannot tell, the next request does."""
        try:
            self.client.head_object(**self._place(name))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return False
            raise
        return True

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + checked(name)}

    def _stream(self, name: str) -> Generator[bytes]:
        key = self._place(name)["Key"]
        return stream_object(self.client, self.bucket, key, self.url, self.settings)
