"""An answer of another machine is taken only if its entry is the one this checkout expects."""

import copy
from typing import Any

import pytest

from components.core.errors import DataError
from components.lineage.lockfile import check_inputs, check_outs

ADDRESS = "train@focal-0"
DIR = "c612a48d495b84832286996772bd31dd.dir"
OTHER = "00000000000000000000000000000000.dir"
EXPECTED: dict[str, Any] = {
    "cmd": "exec python -m components.train --loss focal --seed 0",
    "deps": [
        {"path": "artifacts/dataset", "hash": "md5", "md5": DIR, "size": 7244, "nfiles": 3},
        {"path": "components/train", "hash": "md5", "md5": DIR, "size": 100, "nfiles": 2},
    ],
    "params": {"params.yaml": {"seed": 0, "train.lr": 0.001}},
    "outs": ["models/focal-0"],
}
ANSWER = {
    **EXPECTED,
    "outs": [{"path": "models/focal-0", "hash": "md5", "md5": DIR, "size": 9, "nfiles": 1}],
}


def check(answer: Any) -> None:
    check_inputs(ADDRESS, answer, EXPECTED)
    check_outs(ADDRESS, answer, EXPECTED)


def test_the_expected_answer_passes() -> None:
    check(ANSWER)


def test_a_stage_without_parameters_passes() -> None:
    expected = {key: value for key, value in EXPECTED.items() if key != "params"}
    answer = {key: value for key, value in ANSWER.items() if key != "params"}
    check_inputs(ADDRESS, answer, expected)


POISONED: dict[str, tuple[str, Any, str]] = {
    "other command": ("cmd", "exec python -m evil", "cmd: 'exec python -m evil', expected 'exec"),
    "no command": ("cmd", None, "cmd: None"),
    "other data": ("deps.0.md5", OTHER, r"deps\[artifacts/dataset\].md5: '0000"),
    "other code": ("deps.1.md5", OTHER, r"deps\[components/train\].md5"),
    "other size of data": ("deps.0.size", 7245, r"deps\[artifacts/dataset\].size: 7245, expected 7244"),
    "input left out": ("deps.1", None, "deps: "),
    "input renamed": ("deps.1.path", "components/evil", "deps: components/evil is not one of the stage's"),
    "input twice": ("deps.1.path", "artifacts/dataset", "deps: a path stands there twice"),
    "other parameter": ("params", {"params.yaml": {"seed": 1, "train.lr": 0.001}}, "params: "),
    "parameter left out": ("params", {"params.yaml": {"seed": 0}}, "params: "),
    "no parameters": ("params", None, "params: None"),
    "other product": ("outs.0.path", "models/base", "outs: models/base is not one of the stage's"),
    "product outside": ("outs.0.path", "../models/focal-0", "outs: ../models/focal-0 is not one"),
    "absolute product": ("outs.0.path", "/etc/passwd", "outs: /etc/passwd is not one"),
    "no product": ("outs", [], "outs: models/focal-0 is missing"),
    "products are no list": ("outs", {"models/focal-0": DIR}, "outs: expected a list"),
    "hash is a path": ("outs.0.md5", "../../../etc/passwd", r"outs\[models/focal-0\].md5"),
    "hash is no text": ("outs.0.md5", 7, r"outs\[models/focal-0\].md5: 7 is not an MD5"),
    "other hash function": ("outs.0.hash", "sha1", r"outs\[models/focal-0\].md5"),
    "negative size": ("outs.0.size", -1, r"outs\[models/focal-0\].size: -1 is not a count"),
    "size is true": ("outs.0.size", True, r"outs\[models/focal-0\].size: True is not a count"),
    "no number of files": ("outs.0.nfiles", None, r"outs\[models/focal-0\].nfiles"),
    "unknown field of a product": (
        "outs.0.remote",
        "evil",
        r"outs\[models/focal-0\]: unknown field `remote`",
    ),
    "unknown field": ("frozen", True, "the entry has a field `frozen`"),
}


@pytest.mark.parametrize("kind", POISONED)
def test_a_poisoned_answer_is_refused_by_the_name_of_its_field(kind: str) -> None:
    place, value, said = POISONED[kind]
    answer: Any = copy.deepcopy(ANSWER)
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    at = answer
    for part in way:
        at = at[part]
    at[last] = value
    with pytest.raises(DataError, match=f"{ADDRESS}: {said}"):
        check(answer)


def test_one_more_product_is_refused() -> None:
    extra = {**ANSWER, "outs": [*ANSWER["outs"], {**ANSWER["outs"][0], "path": "models/extra"}]}
    with pytest.raises(DataError, match="outs: models/extra is not one of the stage's"):
        check(extra)


@pytest.mark.parametrize("answer", [None, [], "cmd"])
def test_no_mapping_is_refused(answer: Any) -> None:
    with pytest.raises(DataError, match="expected a mapping"):
        check(answer)
