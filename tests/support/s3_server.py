"""An S3 server for tests: moto's own, a process of its own on a free loopback port; it dies with the test.

STREAMO_TEST_S3=URL,ACCESS,SECRET names another server to run the same tests against (infra/swift does so).
"""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from components.core.process import kill_group, start_group
from tests.support.processes import wait_until

STARTS_WITHIN_S = 60
REGION = "us-east-1"
OTHER = "STREAMO_TEST_S3"


@dataclass(frozen=True)
class S3Server:
    """Where it listens and what lets a client in."""

    url: str
    access_key: str = "test"
    secret_key: str = "test"

    @property
    def env(self) -> dict[str, str]:
        """boto3's own environment variables for this server; add them to a clean environment."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str = "s3") -> Any:
        """A plain client, to look at what the code under test did."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=REGION,
        )

    def tree(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """Every object below `prefix`, by its key relative to it."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        read = {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
        return {key.removeprefix(prefix): data for key, data in read.items()}

    def unfinished(self, bucket: str) -> list[str]:
        """Ids of the multipart uploads under way in a bucket."""
        found = self.client().list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        return [each["UploadId"] for each in found]


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start moto's server and wait until it answers; on the way out it is killed with all below it."""
    if other := os.environ.get(OTHER):
        yield S3Server(*other.split(","))
        return
    server = S3Server(f"http://127.0.0.1:{free_port()}")
    port = server.url.rpartition(":")[2]
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = start_group(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        up = wait_until(lambda: process.poll() is not None or answers(server.url), STARTS_WITHIN_S)
        if not up or process.poll() is not None:
            raise AssertionError(f"moto's server did not start on {server.url} (exit {process.poll()})")
        yield server
    finally:
        kill_group(process)


def answers(url: str) -> bool:
    """Whether an HTTP server is there."""
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
