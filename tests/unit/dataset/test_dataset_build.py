"""The whole stage body on real clips: split, exclusion, shards, summary, card, refusals."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.core.hashing import sha256_tree
from components.dataset.build import Inputs, build
from components.protocol.tables import EVENT_SCHEMA, read_samples, write_turns
from tests.support.dataset_inputs import ABOUT, CLIPS, dialogue, make_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return make_inputs(tmp_path_factory.mktemp("dataset"))


def built(out: Path, inputs: Inputs, **change: Any) -> dict[str, Any]:
    out.mkdir()
    return build(out, inputs, ABOUT, **{"share": 0.3, "shard_rows": 9, "seed": 1, **change})


def test_copies_stand_together_and_the_benchmark_is_left_out(inputs: Inputs, tmp_path: Path) -> None:
    summary = built(tmp_path / "out", inputs)
    side = json.loads((tmp_path / "out/split.json").read_text())
    assert sorted(side) == [f"train/c{number}.mp4" for number in range(CLIPS)] + ["train/copy.mp4"]
    assert side["train/copy.mp4"] == side["train/c2.mp4"]
    assert set(side.values()) == {"train", "validation"}
    assert summary["excluded"] == {
        "benchmark_video": {"videos": 1, "samples": 0, "turns": 0},
        "near_duplicate_of_benchmark": {"videos": 1, "samples": 2, "turns": 8},
    }
    assert json.loads((tmp_path / "out/quarantine.json").read_text()) == [
        {"id": "test/held.mp4", "reason": "benchmark_video", "detail": "like test/held.mp4"},
        {"id": "train/leak.mp4", "reason": "near_duplicate_of_benchmark", "detail": "like test/held.mp4"},
    ]


def test_samples_are_conserved_and_stand_on_the_side_of_their_video(inputs: Inputs, tmp_path: Path) -> None:
    summary = built(tmp_path / "out", inputs)
    side = json.loads((tmp_path / "out/split.json").read_text())
    seen = []
    for name, entry in summary["splits"].items():
        shards = sorted((tmp_path / "out" / name).iterdir())
        dialogues = list(read_samples(shards))
        assert len(shards) == summary["shards"][name]
        assert {side[one.video_id] for one in dialogues} == {name}
        assert [one.sample_id for one in dialogues] == sorted(one.sample_id for one in dialogues)
        assert (len(dialogues), sum(len(one.turns) for one in dialogues)) == (
            entry["samples"],
            entry["turns"],
        )
        assert entry["seconds"] == 4.0 * entry["videos"]
        assert sum(task["samples"] for task in entry["tasks"].values()) == entry["samples"]
        assert entry["shares"] == {"silence": 0.5, "standby": 0.25, "response": 0.25}
        seen += dialogues
    originals = {one.sample_id: one for one in read_samples(inputs.turns / "turns.parquet")}
    assert len(seen) + 2 == len(originals)
    assert all(originals[one.sample_id].messages() == one.messages() for one in seen)
    events = pq.read_table(tmp_path / "out/events.parquet")
    assert events.schema.equals(EVENT_SCHEMA)
    assert events.column("sample_id").to_pylist() == sorted(one.sample_id for one in seen)


def test_two_builds_give_the_same_bytes_and_another_seed_another_split(
    inputs: Inputs, tmp_path: Path
) -> None:
    built(tmp_path / "one", inputs)
    built(tmp_path / "two", inputs)
    assert sha256_tree(tmp_path / "one") == sha256_tree(tmp_path / "two")
    splits = set()
    for seed in range(4):
        built(tmp_path / str(seed), inputs, seed=seed)
        splits.add((tmp_path / str(seed) / "split.json").read_text())
    assert len(splits) > 1


def test_a_tiny_share_still_gives_one_validation_video(inputs: Inputs, tmp_path: Path) -> None:
    assert built(tmp_path / "out", inputs, share=0.000001)["splits"]["validation"]["videos"] in (1, 2)


def test_the_card_has_a_header_for_the_hub_and_the_numbers(inputs: Inputs, tmp_path: Path) -> None:
    summary = built(tmp_path / "out", inputs)
    _, header, body = (tmp_path / "out/README.md").read_text().split("---\n", 2)
    fields = yaml.safe_load(header)
    assert fields["configs"][0]["data_files"] == [
        {"split": "train", "path": "train/*.parquet"},
        {"split": "validation", "path": "validation/*.parquet"},
    ]
    assert fields["size_categories"] == ["n<1K"]
    train = summary["splits"]["train"]
    assert (
        f"| train | {train['videos']} | {train['seconds']:.0f} | {train['samples']} | {train['turns']} |"
        in body
    )
    assert "| `near_duplicate_of_benchmark` | 1 | 2 |" in body


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"success": False, "rows": 80}, "the gate has not passed"),
        ({"rows": 80}, "the gate has not passed"),
        ({"success": True, "rows": 3}, "judged 3 turns"),
    ],
)
def test_turns_the_gate_has_not_passed_are_refused(
    result: dict[str, Any], words: str, inputs: Inputs, tmp_path: Path
) -> None:
    write_json(tmp_path / "validation/result.json", result)
    other = replace(inputs, validation=tmp_path / "validation")
    with pytest.raises(DataError, match=words):
        built(tmp_path / "out", other)
    assert list((tmp_path / "out").iterdir()) == []


def test_turns_of_an_unknown_video_or_out_of_order_are_named(inputs: Inputs, tmp_path: Path) -> None:
    for dialogues, words in [
        ([dialogue("train/ghost.mp4", 0)], "'train/ghost.mp4' is not in the corpus manifest"),
        ([dialogue("train/c1.mp4", 0), dialogue("train/c0.mp4", 0)], "c0.mp4-0' stands after 'narration"),
    ]:
        folder = tmp_path / str(len(dialogues))
        rows = write_turns(folder / "turns/turns.parquet", dialogues)
        shutil.copy(inputs.turns / "events.parquet", folder / "turns/events.parquet")
        write_json(folder / "validation/result.json", {"success": True, "rows": rows})
        other = replace(inputs, turns=folder / "turns", validation=folder / "validation")
        with pytest.raises(DataError, match=words):
            built(folder / "out", other)


@pytest.mark.parametrize("change", [{"share": 0.0}, {"share": 1.0}, {"shard_rows": 0}])
def test_parameters_out_of_range_are_wrong_use(
    change: dict[str, Any], inputs: Inputs, tmp_path: Path
) -> None:
    with pytest.raises(
        UsageError, match=f"dataset.{'shard_rows' if 'shard_rows' in change else 'validation_share'}"
    ):
        built(tmp_path / "out", inputs, **change)
