"""The store on an S3 server that checks signatures and rights: infra/s3-policy.json is what a role needs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from components.core.errors import StoreError
from components.core.share import open_share
from components.registry.store import open_store
from tests.support.packages import PRODUCT, make_package, noise
from tests.support.s3_server import S3Server, s3_server

POLICIES = Path(__file__).resolve().parents[2] / "infra/s3-policy.json"
BUCKET, PREFIX, SHARE = "guarded", "registry", "labels"
URL = f"s3://{BUCKET}/{PREFIX}"
LARGE = {"product/model.safetensors": noise(5 * 2**20 + 1, "guarded")}


@pytest.fixture(scope="module")
def guarded() -> Iterator[dict[str, S3Server]]:
    """A server that lets in three users, named after their policies, and nobody else."""
    with s3_server() as server:
        server.client().create_bucket(Bucket=BUCKET)
        users = {role: add_user(server, role) for role in ("publisher", "reader", "share")}
        requests.post(f"{server.url}/moto-api/reset-auth", data=b"0", timeout=30).raise_for_status()
        yield users


def add_user(server: S3Server, role: str) -> S3Server:
    """Create the user with its policy; returns the server as that user sees it."""
    policy = json.dumps(json.loads(POLICIES.read_text())[role])
    iam = server.client("iam")
    iam.create_user(UserName=role)
    document = policy.replace("BUCKET", BUCKET).replace("SHARE_PREFIX", SHARE).replace("PREFIX", PREFIX)
    iam.put_user_policy(UserName=role, PolicyName=role, PolicyDocument=document)
    key = iam.create_access_key(UserName=role)["AccessKey"]
    return replace(server, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])


def act_as(user: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**user.env, "STREAMO_S3_PART_MIB": "5"}.items():
        monkeypatch.setenv(name, value)


def test_each_role_can_do_its_part_and_no_more(
    guarded: dict[str, S3Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifest, files = make_package(tmp_path / "package", files={**PRODUCT, **LARGE})
    act_as(guarded["publisher"], monkeypatch)
    open_store(URL).publish(manifest, files)
    open_store(URL).publish(manifest, files)
    with pytest.raises(StoreError, match=r"does not allow.*s3-policy\.json"):
        open_store(f"s3://{BUCKET}/elsewhere").publish(manifest, files)
    act_as(guarded["reader"], monkeypatch)
    reader = open_store(URL)
    assert reader.versions() == ["v0.1.0"]
    assert reader.fetch("v0.1.0", tmp_path / "fetched").is_dir()
    with pytest.raises(StoreError, match=r"does not allow PutObject.*s3-policy\.json"):
        reader.publish({**manifest, "version": "v0.2.0"}, files)


def test_a_worker_reads_and_writes_its_share_and_nothing_else(
    guarded: dict[str, S3Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    act_as(guarded["share"], monkeypatch)
    share = open_share(f"s3://{BUCKET}/{SHARE}")
    (tmp_path / "frames").write_bytes(LARGE["product/model.safetensors"])
    assert share.get("answers/none") is None
    assert share.create("answers/one", b"damaged")
    assert not share.create("answers/one", b"whole")
    share.put("answers/one", b"whole")
    share.put("frames/one", tmp_path / "frames")
    assert share.get_file("frames/one", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == LARGE["product/model.safetensors"]
    with pytest.raises(StoreError, match=r"does not allow GetObject.*s3-policy\.json"):
        open_share(URL).get("latest")
    with pytest.raises(StoreError, match=r"does not allow PutObject.*s3-policy\.json"):
        open_share(URL).put("latest", b"")


@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_wrong_credentials_are_refused_and_never_shown(
    guarded: dict[str, S3Server], monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    planted = "AKIAPLANTEDPLANTED42"
    act_as(replace(guarded["reader"], **{wrong: planted}), monkeypatch)
    with pytest.raises(StoreError, match=r"refuses the credentials .*AWS_SECRET_ACCESS_KEY") as caught:
        open_store(URL).versions()
    assert planted not in str(caught.value)
