"""Objects in blocks: a body that breaks off is continued where it stopped, a bounded number of times."""

import time
from collections.abc import Generator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.core.errors import StoreError
from components.core.s3_client import ABSENT, S3Settings, code_of, explained

BLOCK = 2**20
PROGRESS = 8 * BLOCK  # an attempt that moved as much as this does not count as a failure
LONGEST_WAIT_S = 20.0


def stream_object(client: Any, bucket: str, key: str, url: str, settings: S3Settings) -> Generator[bytes]:
    """The bytes of an object.

    Raises:
        FileNotFoundError: there is no such object.
        StoreError: the endpoint refuses, or `settings.attempts` bodies in a row broke off.

    """
    offset, failures, tag = 0, 0, None
    while True:
        answer = open_object(client, bucket, key, url, offset, tag)
        tag, left, start = answer["ETag"], answer["ContentLength"], offset
        body = answer["Body"]
        try:
            while left and (block := body.read(min(BLOCK, left))):
                left -= len(block)
                offset += len(block)
                yield block
            reason = "the body ended early"
        except BotoCoreError as error:
            reason = str(error)
        finally:
            body.close()
        if not left:
            return
        failures = 0 if offset - start >= PROGRESS else failures + 1
        if failures >= settings.attempts:
            raise StoreError(
                f"{url}: {key}: the download broke off {failures} times, last at byte {offset} with {left} "
                f"to come ({reason}); check the network and run it again"
            )
        time.sleep(min(LONGEST_WAIT_S, 0.1 * 2**failures))


def open_object(client: Any, bucket: str, key: str, url: str, offset: int, tag: str | None) -> Any:
    """The answer to a GET from `offset` on, of the same object as before."""
    rest = {"Range": f"bytes={offset}-", "IfMatch": tag} if offset else {}
    with explained(url, f"read {key}", client):
        try:
            answer = client.get_object(Bucket=bucket, Key=key, **rest)
        except ClientError as error:
            if code_of(error) in ABSENT:
                raise FileNotFoundError(key) from None
            raise
    if offset and answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
        answer["Body"].close()
        raise StoreError(
            f"{url}: {key}: the endpoint ignores Range, so a broken download cannot go on; run it again"
        )
    return answer
