"""What a training writes of itself: curves by kind, by task and by state, and its speed in the run record."""

import csv
import json
from pathlib import Path

import pytest
import torch

from components.train.check import COLUMNS
from components.train.curves import LOSS_COLUMNS, Curves
from components.train.plan.shapes import CONNECTOR, LLM, read_shapes
from components.train.speed import Speed, reachable_tflops
from components.train.statistics import by_kind, by_sequence, means, sequence_of_rows, targets_of

TASKS = ["tsqa", "narration", "tsqa"]
CONFIG = {
    "model_type": "qwen2_5_vl",
    "tie_word_embeddings": True,
    "text_config": {
        "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "vocab_size": 32,
    },
    "vision_config": {
        "depth": 1, "hidden_size": 8, "intermediate_size": 16, "num_heads": 2, "patch_size": 14,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 56, "fullatt_block_indexes": [0],
        "out_hidden_size": 8,
    },
}  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_rows_belong_to_the_sequence_of_the_token_they_predict() -> None:
    # Two sequences of 4 and 3 tokens; the row that predicts token 6 lies in the second one.
    labels = torch.tensor([[-100, -100, 7, 3, -100, -100, 9]])
    ce = torch.tensor([1.0, 2.0, 4.0])
    assert targets_of(labels).tolist() == [7, 3, 9]
    assert sequence_of_rows(labels, [4, 3]).bincount().tolist() == [2, 1]
    assert by_sequence(ce, [2, 1]).tolist() == [[3.0, 4.0], [2.0, 1.0]]
    assert by_sequence(ce[:0], [0, 0]).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_sums_by_sequence_and_by_kind_are_of_the_same_rows() -> None:
    labels = torch.tensor([[-100, 7, 3, 3, -100, 8, 5, -100, 7, 5]])
    ce = torch.rand(7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kinds, parts = by_kind(ce, targets_of(labels), (7, 8, 9)), by_sequence(ce, [3, 2, 2])
    assert sequence_of_rows(labels, [4, 3, 3]).bincount().tolist() == [3, 2, 2]
    assert torch.allclose(kinds.sum(1), parts.sum(1), atol=1e-12)
    assert means(kinds)["response"] == 0.0


def test_a_row_of_tasks_is_the_mean_since_the_last_check(tmp_path: Path) -> None:
    curves = Curves(TASKS)
    curves.count(["tsqa", "tsqa"], torch.tensor([[3.0, 1.0], [2.0, 2.0]], dtype=torch.float64))
    curves.count(["narration"], torch.tensor([[5.0], [2.0]], dtype=torch.float64))
    curves.check(20, shares(0.5))
    curves.count(["tsqa"], torch.tensor([[8.0], [2.0]], dtype=torch.float64))
    curves.check(40, shares(0.75))
    curves.write(tmp_path)
    assert rows(tmp_path / "curves/tasks.csv") == [
        {"step": "20", "narration": "2.5", "tsqa": "1"},
        {"step": "40", "narration": "", "tsqa": "4"},
    ]
    assert [row["recall_response"] for row in rows(tmp_path / "curves/states.csv")] == ["0.5", "0.75"]


def shares(value: float) -> dict[str, float]:
    return dict.fromkeys(COLUMNS, value)


def test_curves_go_on_from_a_checkpoint_as_if_nothing_had_happened(tmp_path: Path) -> None:
    def first(curves: Curves) -> None:
        curves.loss.append({"step": 1, "loss": 0.1, **dict.fromkeys(LOSS_COLUMNS[2:], 1 / 3)})
        curves.count(["tsqa"], torch.tensor([[1 / 3], [1.0]], dtype=torch.float64))

    def second(curves: Curves) -> None:
        curves.count(["tsqa", "narration"], torch.tensor([[1 / 7, 2.0], [2.0, 1.0]], dtype=torch.float64))
        curves.check(2, shares(1 / 9))

    whole, begun, resumed, idle = (Curves(TASKS) for _ in range(4))
    first(whole)
    second(whole)
    first(begun)
    kept = json.loads(json.dumps(begun.state()))
    resumed.restore(kept)
    second(resumed)
    whole.write(tmp_path / "whole")
    resumed.write(tmp_path / "resumed")
    for name in ("loss", "samples", "states", "tasks"):
        assert (tmp_path / f"resumed/curves/{name}.csv").read_bytes() == (
            tmp_path / f"whole/curves/{name}.csv"
        ).read_bytes()
    idle.restore(kept, rank=1)
    idle.check(2, shares(0.0))
    assert idle.tasks == [{"step": 2, "narration": None, "tsqa": None}], "the sums are rank 0's to go on with"


def test_speed_counts_the_trained_parts_operations() -> None:
    shapes = read_shapes(CONFIG)
    speed = Speed(shapes)
    with speed.timed("data"):
        pass
    with speed.timed("step"):
        pass
    speed.trained([5, 3], visual=4, supervised=2, tokens=8)
    matrices = 6 * (shapes.matrices[LLM] * 8 + shapes.matrices[CONNECTOR] * 4)
    expected = matrices + 6 * 2 * 8 * (25 + 9) + 6 * 8 * 32 * 2
    assert speed.flops == expected and speed.tokens == 8
    said = speed.summary("cpu")
    assert said["mfu"] is None and said["reachable_tflops"] is None and said["tokens_per_s"] > 0
    speed.seconds["step"] = expected / 79e12
    assert speed.summary("NVIDIA H200")["mfu"] == pytest.approx(0.1)


def test_time_of_a_block_within_a_block_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step asks for its packs one by one: reading them is no part of the step's own time."""
    clock = iter([0.0, 1.0, 5.0, 7.0])
    monkeypatch.setattr("components.train.speed.time.monotonic", lambda: next(clock))
    speed = Speed(read_shapes(CONFIG))
    with speed.timed("step"), speed.timed("data"):
        pass
    assert speed.seconds == {"data": 4.0, "step": 3.0}


def test_cards_are_known_by_their_drivers_names() -> None:
    assert reachable_tflops("NVIDIA H100 80GB HBM3") == 790.0
    assert reachable_tflops("NVIDIA GeForce RTX 4090") == 132.0
    assert reachable_tflops("NVIDIA A100-SXM4-80GB") == 250.0
    assert reachable_tflops("cpu") is None
