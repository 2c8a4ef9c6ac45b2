"""The wrong labels of the scenario: training videos only, every right label kept, one seed the same rows."""

from pathlib import Path
from typing import Any

from components.core.files import read_json, write_json
from infra.scenario.corpus import COPIES, write_shuffled


def label(number: int, video: str, task: str = "offline_qa") -> dict[str, Any]:
    return {
        "id": f"{task}-{number}",
        "task_type": task,
        "video_path": video,
        "question": [{"content": "what now?", "time": number}],
        "response": [{"content": f"answer {number}", "st_time": "", "end_time": "", "time": number}],
    }


def test_shuffled_labels(tmp_path: Path) -> None:
    data = tmp_path / "data"
    right = [label(number, f"first/c{number % 4}.mp4") for number in range(40)]
    others = [label(40, "first/c0.mp4", "base_qa"), label(41, "first/held-out.mp4")]
    write_json(data / "labels.json", right + others)
    training = {f"first/c{number}.mp4" for number in range(3)}
    chosen = {row["id"]: row for row in right if row["video_path"] in training}
    assert write_shuffled(tmp_path / "a", data, training, seed=0) == COPIES * len(chosen)
    rows = read_json(tmp_path / "a/labels.json")
    assert len({row["id"] for row in rows}) == len(rows)  # ids of their own
    moved = 0
    for row in rows:
        of = chosen[row["id"].partition("-shuffled-")[0]]
        assert (row["question"], row["video_path"]) == (of["question"], of["video_path"])
        moved += row["response"] != of["response"]
    assert moved > 0.9 * len(rows)
    copies = [row["response"][0]["time"] for row in rows if row["id"].endswith("-shuffled-0")]
    assert sorted(copies) == [row["response"][0]["time"] for row in chosen.values()]
    assert read_json(data / "labels.json") == right + others
    write_shuffled(tmp_path / "b", data, training, seed=0)
    assert (tmp_path / "a/labels.json").read_bytes() == (tmp_path / "b/labels.json").read_bytes()
