"""One file to one key: checked by the server, only if absent, in parts that the next publisher can use."""

import base64
import hashlib
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from components.core.errors import DataError
from components.core.hashing import sha256_file
from components.core.s3_client import S3Settings, code_of

MOST_PARTS = 10_000  # S3's own limit
TAKEN = {"412", "PreconditionFailed"}
CONFLICT = {"409", "ConditionalRequestConflict"}
GONE = {"NoSuchUpload", "InvalidPart"}  # what a publisher hears when another one is done with the same upload


@dataclass(frozen=True)
class Part:
    """Bytes `offset` to `offset + size` of a file; `number` counts from 1."""

    number: int
    offset: int
    size: int


@dataclass(frozen=True)
class Upload:
    """One file on its way to one key; `replace`: also to one that is taken."""

    client: Any
    bucket: str
    key: str
    source: Path
    sha256: str
    settings: S3Settings
    replace: bool = False

    @property
    def place(self) -> dict[str, str]:
        """The arguments every request on this object has."""
        return {"Bucket": self.bucket, "Key": self.key}

    def put_whole(self) -> bool:
        """One PUT; False if the key is taken."""
        put = put_over if self.replace else put_if_absent
        return put(self.client, self.place, self.source.read_bytes(), self.settings)

    def put_parts(self, unfinished: list[str], moved: Callable[[int], None]) -> bool:
        """Multipart, going on with the newest of `unfinished`; False if the key was taken meanwhile.

        Raises:
            ClientError: one of `GONE` if another publisher finished or ended this upload.
            DataError: the file changed under us.

        """
        parts = plan_parts(self.source.stat().st_size, self.settings.part_bytes)
        upload_id = unfinished[0] if unfinished else self.begin(parts[0].size)
        done = self.kept(upload_id, parts) if unfinished else {}
        moved(sum(part.size for part in parts if part.number in done))
        done |= self.send(upload_id, [part for part in parts if part.number not in done], moved)
        if sha256_file(self.source) != self.sha256:
            self.client.abort_multipart_upload(**self.place, UploadId=upload_id)
            raise DataError(f"{self.source}: changed while it was published; build the package again")
        created = self.complete(
            upload_id, [{"PartNumber": number, **done[number]} for number in sorted(done)]
        )
        if not created:
            self.client.abort_multipart_upload(**self.place, UploadId=upload_id)
        return created

    def begin(self, part_bytes: int) -> str:
        """Start a multipart upload whose parts the server checks by SHA-256."""
        answer = self.client.create_multipart_upload(
            **self.place, ChecksumAlgorithm="SHA256", Metadata={"part-bytes": str(part_bytes)}
        )
        return str(answer["UploadId"])

    def kept(self, upload_id: str, parts: list[Part]) -> dict[int, dict[str, str]]:
        """Parts already on the server that are, byte for byte, the ones we would send."""
        planned, kept = {part.number: part for part in parts}, {}
        pages = self.client.get_paginator("list_parts").paginate(**self.place, UploadId=upload_id)
        for found in (found for page in pages for found in page.get("Parts", [])):
            part = planned.get(found["PartNumber"])
            if part and found["Size"] == part.size and self.is_right(found, part):
                kept[part.number] = described(found)
        return kept

    def is_right(self, found: dict[str, Any], part: Part) -> bool:
        """Whether a part on the server has our bytes: by its SHA-256, else (older servers) by its MD5."""
        data = self.read(part)
        if "ChecksumSHA256" in found:
            return bool(found["ChecksumSHA256"] == checksum(data))
        return bool(found["ETag"].strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest())

    def send(
        self, upload_id: str, parts: list[Part], moved: Callable[[int], None]
    ) -> dict[int, dict[str, str]]:
        """Upload parts, some at once; the first failure stops those not yet begun."""
        done: dict[int, dict[str, str]] = {}
        with ThreadPoolExecutor(self.settings.threads) as pool:
            waiting = {pool.submit(self.send_part, upload_id, part): part for part in parts}
            try:
                for future in as_completed(waiting):
                    done[waiting[future].number] = future.result()
                    moved(waiting[future].size)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return done

    def send_part(self, upload_id: str, part: Part) -> dict[str, str]:
        """Upload one part; the server compares its SHA-256."""
        data = self.read(part)
        answer = self.client.upload_part(
            **self.place,
            UploadId=upload_id,
            PartNumber=part.number,
            Body=data,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=checksum(data),
        )
        return described(answer)

    def complete(self, upload_id: str, listed: list[dict[str, Any]]) -> bool:
        """Make the object of its parts; False if the key is taken."""
        condition = {} if self.replace else {"IfNoneMatch": "*"}
        try:
            self.client.complete_multipart_upload(
                **self.place, UploadId=upload_id, MultipartUpload={"Parts": listed}, **condition
            )
        except ClientError as error:
            if code_of(error) in TAKEN:
                return False
            raise
        return True

    def read(self, part: Part) -> bytes:
        """The bytes of a part."""
        handle = os.open(self.source, os.O_RDONLY)
        try:
            return os.pread(handle, part.size, part.offset)
        finally:
            os.close(handle)


def put_if_absent(client: Any, place: dict[str, str], data: bytes, settings: S3Settings) -> bool:
    """PUT with `If-None-Match: *` and a checksum; False if the key is taken."""
    for attempt in range(settings.attempts):
        try:
            client.put_object(
                **place, Body=data, IfNoneMatch="*", ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum(data)
            )
        except ClientError as error:
            if code_of(error) in TAKEN:
                return False
            # Two conditional writes met: S3 asks to try again, and then one of them finds the key taken.
            if code_of(error) in CONFLICT and attempt + 1 < settings.attempts:
                continue
            raise
        return True
    raise AssertionError("unreachable: the last attempt returns or raises")


def put_over(client: Any, place: dict[str, str], data: bytes, settings: S3Settings) -> bool:
    """PUT with a checksum over whatever has that key; True, as `put_if_absent` says of what it wrote."""
    client.put_object(**place, Body=data, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum(data))
    return True


def plan_parts(size: int, part_bytes: int) -> list[Part]:
    """Cut `size` bytes (> 0) into parts of `part_bytes`, larger ones where 10,000 are not enough."""
    step = max(part_bytes, math.ceil(size / MOST_PARTS))
    return [Part(n + 1, at, min(step, size - at)) for n, at in enumerate(range(0, size, step))]


def checksum(data: bytes) -> str:
    """SHA-256 as S3 writes it: base64 of the digest."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def described(answer: dict[str, Any]) -> dict[str, str]:
    """What CompleteMultipartUpload wants to know of a part; some servers refuse to hear of checksums."""
    return {name: answer[name] for name in ("ETag", "ChecksumSHA256") if name in answer}


def composite(source: Path, part_bytes: int) -> str:
    """S3's checksum of a multipart object: SHA-256 of the parts' digests, a hyphen, the number of parts."""
    digests = [hashlib.sha256(block).digest() for block in blocks(source, part_bytes)]
    return f"{base64.b64encode(hashlib.sha256(b''.join(digests)).digest()).decode()}-{len(digests)}"


def blocks(source: Path, size: int) -> Iterator[bytes]:
    """A file in blocks of `size` bytes."""
    with source.open("rb") as handle:
        while block := handle.read(size):
            yield block
