"""The same audit where the DVC remote is a bucket: a real server, DVC's own push."""

import shutil

import pytest

from components.audit.version import audit_version
from components.core.errors import DataError
from tests.support.audit_world import World
from tests.support.s3_server import s3_server

BUCKET, PREFIX = "audit-remote", "pushed/here"
CONFIG = """[core]
    remote = s3
['remote "s3"']
    url = {url}
    endpointurl = {endpoint}
"""


def test_objects_are_read_from_a_bucket(copied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        remote = CONFIG.format(url=f"s3://{BUCKET}/{PREFIX}", endpoint=server.url)
        (copied.root / ".dvc/config").write_text(remote)
        copied.run("dvc", "push", "-q")
        copied.run("git", "commit", "-qam", "the remote is a bucket")
        clone = copied.clone()
        shutil.rmtree(copied.remote)
        report = audit_version("v0.0.3", clone)
        assert report.findings == []
        assert report.counts["objects"] > 40

        keys = sorted(server.tree(BUCKET, f"{PREFIX}/"))
        victim = next(key for key in keys if not key.endswith(".dir"))
        client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{victim}", Body=b"other bytes")
        found = audit_version("v0.0.3", clone).findings
        md5 = "".join(victim.split("/")[-2:])
        changed = {finding.kind for finding in found if md5 in finding.detail}
        assert changed == {"changed"} and all("remote s3" in f.detail for f in found if md5 in f.detail)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # nobody is there any more: no need to ask five times
    with pytest.raises(DataError, match=r"remote s3: .* cannot be read"):
        audit_version("v0.0.3", clone)
