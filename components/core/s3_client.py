"""The S3 client: boto3 with bounded retries and timeouts, and its failures in words an operator can act on.

Endpoint, region, credentials and addressing style come from boto3's own environment and files; nothing here
reads or prints a secret.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as LinkError,
)

from components.core.errors import StoreError, UsageError

MIB = 2**20
CONNECTIONS = 32  # kept open at most: one a thread, of which Python's own pools have no more
SMALLEST_PART = 5 * MIB  # S3's own limit
CREDENTIALS = {
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}
FORBIDDEN = {"403", "AccessDenied", "AllAccessDisabled"}
THROTTLED = {"429", "503", "RequestLimitExceeded", "ServiceUnavailable", "SlowDown", "TooManyRequests"}
ABSENT = {"404", "NoSuchKey"}
SETTINGS = "registry.store or `shared` of params.yaml (STREAMO_REGISTRY, STREAMO_SHARE)"  # hold the addresses
ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
UNKNOWN_REQUEST = {"501", "NotImplemented", "MethodNotAllowed"}


@dataclass(frozen=True)
class S3Settings:
    """How transfers behave."""

    part_bytes: int = 16 * MIB  # files above this go up in parts of this size
    threads: int = 4  # parts under way at once; each holds one part in memory
    attempts: int = 5  # of one request, the first included
    mode: str = "standard"  # boto3's retry mode: exponential waits with jitter, at most 20 s each
    connect_s: float = 10.0
    read_s: float = 60.0


def parse_address(url: str) -> tuple[str, str]:
    """Bucket and prefix (empty, or ending with a slash) of `s3://bucket/prefix`; UsageError if it is none."""
    match = ADDRESS.fullmatch(url)
    if not match:
        raise UsageError(f"{url!r}: expected s3://bucket/prefix ({SETTINGS})")
    prefix = (match.group(2) or "").strip("/")
    return match.group(1), f"{prefix}/" if prefix else ""


def read_s3_settings() -> S3Settings:
    """Defaults, changed by AWS_MAX_ATTEMPTS, AWS_RETRY_MODE, STREAMO_S3_PART_MIB and STREAMO_S3_THREADS."""
    given = {
        name: whole_number(variable, smallest)
        for name, variable, smallest in (
            ("attempts", "AWS_MAX_ATTEMPTS", 1),
            ("part_bytes", "STREAMO_S3_PART_MIB", SMALLEST_PART // MIB),
            ("threads", "STREAMO_S3_THREADS", 1),
        )
        if os.environ.get(variable)
    }
    if "part_bytes" in given:
        given["part_bytes"] *= MIB
    return S3Settings(mode=os.environ.get("AWS_RETRY_MODE") or S3Settings.mode, **given)


def whole_number(variable: str, smallest: int) -> int:
    """An environment variable as a whole number; UsageError if it is none or too small."""
    text = os.environ[variable]
    if not text.isdecimal() or int(text) < smallest:
        raise UsageError(f"{variable}={text!r}: expected a whole number of at least {smallest}")
    return int(text)


def make_client(settings: S3Settings) -> Any:
    """A boto3 S3 client; UsageError where the environment cannot make one."""
    config = Config(
        connect_timeout=settings.connect_s,
        read_timeout=settings.read_s,
        retries={"mode": settings.mode, "total_max_attempts": settings.attempts},
        max_pool_connections=max(CONNECTIONS, settings.threads),
        tcp_keepalive=True,
        # Every byte is checked by SHA-256 here and on the server; the default adds CRC trailers that older
        # servers refuse.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return boto3.session.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as error:
        raise UsageError(
            f"no S3 client from this environment ({error}); look at AWS_ENDPOINT_URL and AWS_PROFILE"
        ) from None


def code_of(error: ClientError) -> str:
    """The error code the server sent; a HEAD has only the number of the status."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextlib.contextmanager
def explained(url: str, action: str, client: Any) -> Iterator[None]:
    """Turn what boto3 raises into a StoreError that says what failed, where and what to do."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StoreError(
            f"{url}: cannot {action}: no credentials ({error}); set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY or AWS_PROFILE in the environment"
        ) from None
    except ClientError as error:
        raise StoreError(f"{url}: cannot {action}: {advice(error, url, client)}") from None
    except (HTTPClientError, LinkError) as error:
        attempts = attempts_of(client)
        raise StoreError(
            f"{url}: cannot {action}: {client.meta.endpoint_url} cannot be reached or breaks off, {attempts} "
            f"attempts ({error}); check AWS_ENDPOINT_URL and the network, then run it again: it goes on "
            "where it stopped"
        ) from None
    except BotoCoreError as error:
        raise StoreError(f"{url}: cannot {action}: {type(error).__name__}: {error}") from None


def advice(error: ClientError, url: str, client: Any) -> str:
    """What an error of the server means for who runs this."""
    code, endpoint, operation = code_of(error), client.meta.endpoint_url, error.operation_name
    if code == "NoSuchBucket":
        bucket = url.removeprefix("s3://").partition("/")[0]
        return f"no bucket {bucket!r} at {endpoint}; create it or correct {SETTINGS}"
    if code in CREDENTIALS:
        return (
            f"{endpoint} refuses the credentials ({code}); correct AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            "AWS_REGION or this machine's clock"
        )
    if code in FORBIDDEN:
        return (
            f"{endpoint} does not allow {operation} to these credentials ({code}); infra/s3-policy.json "
            "lists what each role needs"
        )
    if code in THROTTLED:
        return (
            f"{endpoint} asks to slow down ({code}, {attempts_of(client)} attempts); wait and run it again: "
            "it goes on where it stopped"
        )
    if code in UNKNOWN_REQUEST:
        return (
            f"{endpoint} does not know {operation} ({code}); see S3 servers in components/registry/README.md"
        )
    message = error.response.get("Error", {}).get("Message", "")
    return f"{endpoint} answered {code} to {operation}: {message}"


def attempts_of(client: Any) -> int:
    """How often the client tries one request."""
    return int(client.meta.config.retries["total_max_attempts"])
