"""croissant.json by its own library: it validates, its records are the tables', its digests hold."""

import json
import shutil
from pathlib import Path

import mlcroissant as mlc
import pyarrow.parquet as pq
import pytest

from components.core.errors import DataError, UsageError
from components.core.files import read_json, write_json
from components.core.hashing import fingerprint, sha256_file
from components.dataset.build import Inputs, build
from components.dataset.croissant import Publication
from components.protocol.tables import TURN_SCHEMA
from tests.support.dataset_inputs import ABOUT, make_inputs

SOURCES = {
    "*": {"licence": "CC-BY-4.0", "source": "Open clips"},
    "train/c1.mp4": {"licence": "by agreement", "source": "A | <b>friend</b>"},
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return make_inputs(tmp_path_factory.mktemp("croissant"), SOURCES)


@pytest.fixture(scope="module")
def product(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("product")
    build(out, inputs, ABOUT, share=0.3, shard_rows=9, seed=1)
    return out


def plain(value: object) -> object:
    """What mlcroissant gives as bytes and numpy scalars, as the table has it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


def test_it_validates_without_a_warning(product: Path) -> None:
    metadata = mlc.Dataset(str(product / "croissant.json")).metadata
    assert (metadata.ctx.issues.errors, metadata.ctx.issues.warnings) == (set(), set())
    assert metadata.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.1"
    assert [one if isinstance(one, str) else one.name for one in metadata.license] == [
        "https://spdx.org/licenses/CC-BY-4.0.html",
        "by agreement",
    ]
    assert metadata.machine_annotation_tools == ["tested-1"]


def test_every_data_file_is_there_with_its_digest_and_no_other(product: Path) -> None:
    listed = [
        one
        for one in read_json(product / "croissant.json")["distribution"]
        if one["@type"] == "cr:FileObject"
    ]
    data = {path.relative_to(product).as_posix() for path in product.rglob("*.*")}
    data -= {"croissant.json", "README.md", "LICENSE.md"}
    assert {one["@id"] for one in listed} == {name for name in data if not name.startswith("plots/")}
    assert len([one for one in listed if one["@id"].startswith("train/")]) > 1
    for one in listed:
        path = product / one["contentUrl"]
        assert (one["sha256"], one["contentSize"]) == (sha256_file(path), f"{path.stat().st_size} B")


def test_its_records_are_the_rows_of_the_tables(product: Path) -> None:
    dataset = mlc.Dataset(str(product / "croissant.json"))
    rows = {
        side: [row for path in sorted((product / side).iterdir()) for row in pq.read_table(path).to_pylist()]
        for side in ("train", "validation")
    }
    found = [{name: plain(value) for name, value in record.items()} for record in dataset.records("turns")]
    assert [{name: one[f"turns/{name}"] for name in TURN_SCHEMA.names} for one in found] == [
        *rows["train"],
        *rows["validation"],
    ]
    assert [one["turns/split"] for one in found] == [side for side in rows for _ in rows[side]]
    videos = {
        plain(one["videos/video_id"]): (plain(one["videos/licence"]), plain(one["videos/source"]))
        for one in dataset.records("videos")
    }
    assert set(videos) == set(read_json(product / "split.json"))
    assert videos["train/c1.mp4"] == ("by agreement", "A | <b>friend</b>")
    assert videos["train/c0.mp4"] == ("CC-BY-4.0", "Open clips")
    assert len(list(dataset.records("events"))) == read_json(product / "summary.json")["events"]


def test_a_changed_byte_is_refused(product: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(product, tmp_path / "copy")
    path = copy / "videos.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(mlc.GenerationError) as error:
        list(mlc.Dataset(str(copy / "croissant.json")).records("videos"))
    assert "videos.parquet is not identical with the reference" in str(error.value.__cause__)


def test_it_names_the_receipts_it_was_made_of(product: Path, inputs: Inputs) -> None:
    receipts = read_json(product / "croissant.json")["prov:wasDerivedFrom"]
    assert {one["prov:label"]: one["@id"] for one in receipts} == {
        path.as_posix(): f"urn:sha256:{fingerprint(json.loads((path / 'identity.json').read_text()))}"
        for path in inputs.products()
    }


def test_a_page_is_named_once_there_is_one(inputs: Inputs, tmp_path: Path, product: Path) -> None:
    assert "url" not in read_json(product / "croissant.json")
    about = Publication("Clips", "Someone", "https://example.org/clips", "2026-02-01", "2.0.0", "de")
    build(tmp_path, inputs, about, share=0.3, shard_rows=9, seed=1)
    metadata = mlc.Dataset(str(tmp_path / "croissant.json")).metadata
    assert (metadata.url, metadata.version) == ("https://example.org/clips", "2.0.0")
    assert str(metadata.date_published).startswith("2026-02-01") and metadata.in_language == ["de"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"published": 20260101}, "published: expected a text"),
        ({"published": "soon"}, "published: expected a date"),
        ({"version": "v2"}, "version: expected 1.2.3"),
        ({"name": ""}, "name: expected a text"),
        ({"licence": "mine"}, "expected the keys name, creator, url"),
    ],
)
def test_params_that_say_something_else_are_wrong_use(change: dict[str, object], words: str) -> None:
    given = {name: getattr(ABOUT, name) for name in ABOUT.__dataclass_fields__}
    assert Publication.from_params(given) == ABOUT
    with pytest.raises(UsageError, match=words):
        Publication.from_params(given | change)


def test_a_receipt_that_is_missing_is_named(inputs: Inputs, tmp_path: Path) -> None:
    (inputs.turns / "identity.json").rename(tmp_path / "kept")
    (tmp_path / "out").mkdir()
    try:
        with pytest.raises(DataError, match=r"turns/identity\.json: no such file"):
            build(tmp_path / "out", inputs, ABOUT, share=0.3, shard_rows=9, seed=1)
    finally:
        write_json(inputs.turns / "identity.json", read_json(tmp_path / "kept"))
