"""Section `registry` of params.yaml, and where a store lies."""

import pytest
import yaml

from components.core.errors import UsageError
from components.core.git import git
from components.registry.settings import STORE_VARIABLE, read_settings

GOOD = {"name": "streamo", "store": "registry/store", "margin": 3, "require_floors": True}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    git(tmp_path, "init", "-q")
    return tmp_path


def write(root, **values):
    (root / "params.yaml").write_text(yaml.safe_dump({"registry": {**GOOD, **values}}))
    return root


def test_a_folder_lies_below_the_main_tree_and_an_address_stays(root, monkeypatch):
    assert read_settings(write(root)).store == str(root / "registry/store")
    assert read_settings(write(root, store="/mnt/shared")).store == "/mnt/shared"
    assert read_settings(write(root, store="s3://bucket/models")).store == "s3://bucket/models"
    monkeypatch.setenv(STORE_VARIABLE, "s3://other/models")
    assert read_settings(root).store == "s3://other/models"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", ""),
        ("store", "gs://bucket"),
        ("store", None),
        ("margin", 0),
        ("margin", True),
        ("margin", "3"),
        ("require_floors", "yes"),
    ],
)
def test_a_value_of_another_kind_is_named(root, key, value):
    with pytest.raises(UsageError, match=rf"registry\.{key}"):
        read_settings(write(root, **{key: value}))


def test_a_missing_section_is_named(root):
    (root / "params.yaml").write_text("seed: 0\n")
    with pytest.raises(UsageError, match="no section `registry`"):
        read_settings(root)
