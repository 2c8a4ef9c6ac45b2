"""`base.references`: what each entry must say, and that what it does not say is refused by name."""

import pytest

from components.core.errors import DataError, UsageError
from components.model.reference import Reference, find_reference, require_family

COMMIT = "66285546d2b821cf421d4f5eb2576359d3770cd3"
QWEN = {"repository": "Qwen/Qwen2.5-VL-3B-Instruct", "revision": COMMIT}


def test_each_family_has_its_own_entry(tmp_path):
    (tmp_path / "own").mkdir()
    references = {"qwen2_5_vl": QWEN, "internvl": {"repository": "own", "revision": None}, "qwen3_vl": None}
    assert find_reference(references, "qwen2_5_vl", tmp_path) == Reference(**QWEN)
    assert find_reference(references, "internvl", tmp_path) == Reference("own", None)


@pytest.mark.parametrize(
    ("references", "said"),
    [
        ({}, r"references.qwen3_vl: no entry \(there are: none\)"),
        (None, r"references.qwen3_vl: no entry \(there are: none\)"),
        ({"qwen2_5_vl": QWEN, "qwen3_vl": None}, r"references.qwen3_vl: no entry \(there are: qwen2_5_vl\)"),
        ({"qwen3_vl": "Qwen/Qwen3-VL-4B"}, "references.qwen3_vl: 'Qwen/Qwen3-VL-4B', expected"),
        ({"qwen3_vl": {"repository": "Qwen/X"}}, r"expected \{repository: hub id or folder, revision"),
        ({"qwen3_vl": QWEN | {"revison": COMMIT}}, r"expected \{repository: hub id or folder, revision"),
        ({"qwen3_vl": {"repository": None, "revision": None}}, "expected {repository"),
        ({"qwen3_vl": QWEN | {"revision": None}}, "references.qwen3_vl: .*pin the revision.*got None"),
        ({"qwen3_vl": QWEN | {"revision": "main"}}, "references.qwen3_vl: .*40-digit commit, got 'main'"),
        ({"qwen3_vl": {"repository": ".", "revision": COMMIT}}, r"qwen3_vl: \. is a folder.*expected null"),
    ],
)
def test_what_an_entry_leaves_open_is_refused(references, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        find_reference(references, "qwen3_vl", tmp_path)


def test_a_model_of_another_family_is_refused():
    require_family({"model_type": "internvl"}, "internvl", "x/y")
    with pytest.raises(
        DataError, match=r"references.qwen3_vl: x/y: model_type 'internvl', expected 'qwen3_vl'"
    ):
        require_family({"model_type": "internvl"}, "qwen3_vl", "x/y")
