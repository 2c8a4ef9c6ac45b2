"""The table of an ablation from evaluation products: rates, what is not there, and the page."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.errors import DataError
from components.evaluate.forward_metrics import ResponseCount, count_responses
from components.evaluate.state_scores import Watched, due_of, macro_f1
from infra.ablation_rates import rates
from infra.ablation_table import COLUMNS, markdown, read_rows

STREAM = ["silence", "standby", "response", "silence", "silence", "silence"]
LATE = ["silence", "silence", "silence", "response", "silence", "silence"]


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def streams(states: list[str]) -> dict[str, Any]:
    one = {"task": "tsqa", "truth": STREAM, "states": states}
    return {"streams": [{**one, "sample_id": f"s{n}", "video_id": f"v{n}"} for n in range(3)]}


def ovo(forward: float) -> dict[str, Any]:
    model = {
        "groups": {"forward": forward},
        "total": forward,
        "intervals": {"groups": {"forward": [1.0, 99.0]}},
    }
    model["intervals"]["total"] = [2.0, 98.0]
    return {"columns": {"matched": {"model": model}}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    suites = ["validation", "ovo", "policies"]
    train = {"methods": ["focal", "eos"], "seeds": [0, 1]}
    params = {"families": ["f"], "train": train, "evaluate": {"suites": suites}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    for name, states in (("f-focal-0", STREAM), ("f-focal-1", STREAM), ("f-eos-0", LATE), ("f-eos-1", LATE)):
        folder = tmp_path / "artifacts/evaluation" / name
        write(Path(f"{folder}-validation") / "predictions.json", streams(states))
        write(Path(f"{folder}-ovo") / "scores.json", ovo(50.0))
        found: dict[str, Any] = {"skipped": "its own policy"}
        if "focal" in name:
            found = {"policies": {"polling": {"ovo": None}}}
            said = {f"s{n}": ["silence"] * 6 for n in range(3)}
            write(Path(f"{folder}-policies") / "predictions.json", {"policies": {"polling": said}})
        write(Path(f"{folder}-policies") / "scores.json", found)
    cost = {"tokens_per_turn": 19.5, "forwards_per_turn": 0.1, "ms_per_turn": 2.0}
    for stamp, status, record in ((1, "completed", cost), (2, "failed", {})):
        write(
            tmp_path / f"runs/evaluate@f-focal-0-validation/{stamp}.json", {"status": status, "cost": record}
        )
    return tmp_path


def test_rates_are_of_the_streams(root: Path) -> None:
    rows = {(row["method"], row["seed"], row["watched"]): row for row in read_rows(root, "")}
    assert len(rows) == 6 and ("eos", 0, "polling") not in rows
    ours, late = rows["focal", 0, ""], rows["eos", 1, ""]
    assert ours["macro_f1"] == {"value": 100.0, "interval": [100.0, 100.0]} == ours["speak_f1"]
    assert ours["delay"]["value"] == 0.0 and late["delay"]["value"] == 1.0
    assert late["recall"]["value"] == 100.0 and late["macro_f1"]["value"] < late["speak_f1"]["value"] < 100
    assert ours["forward"] == {"value": 50.0, "interval": [1.0, 99.0]}
    assert ours["tokens_per_turn"]["value"] == 19.5 and late["tokens_per_turn"]["value"] is None
    silent = rows["focal", 1, "polling"]
    assert silent["recall"]["value"] == 0.0 and silent["precision"]["value"] is None
    assert silent["forward"]["value"] is None


def test_the_rates_are_those_of_the_evaluation(root: Path) -> None:
    """Sums over videos against the room's own functions over samples."""
    stream = [
        Watched(f"s{n}", f"v{n % 2}", "tsqa", STREAM, said) for n, said in enumerate((STREAM, LATE, LATE))
    ]
    seen, total = rates(stream), ResponseCount()
    for one in stream:
        total.add(count_responses(one.states, due_of(one.truth)))
    said = total.summary()
    assert seen["macro_f1"]["value"] == pytest.approx(macro_f1(stream), abs=0.01)
    assert (seen["precision"]["value"], seen["recall"]["value"]) == (said["precision"], said["recall"])
    assert seen["delay"]["value"] == said["delay_turns"]["mean"]
    assert seen["false_alarms"]["value"] == pytest.approx(said["false_alarms_per_quiet_hour"], abs=0.05)
    low, high = seen["recall"]["interval"]
    assert low <= seen["recall"]["value"] <= high


def test_the_page_has_a_line_for_each_way_to_watch(root: Path) -> None:
    rows = read_rows(root, "arm")
    text = markdown("rivals", {"commit": "a" * 40, "rows": rows})
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines] == [
        "| run", "| arm, f, focal", "| arm, f, focal, polling", "| arm, f, eos",
    ]  # fmt: skip
    assert all(line.count("|") == len(COLUMNS) + 3 for line in lines)
    assert "| 100.0 [100.0, 100.0] (100.0, 100.0) |" in lines[1] and lines[1].endswith("| 2 |")
    with pytest.raises(DataError, match="ablation none: no row"):
        markdown("none", {"commit": "a" * 40, "rows": []})
