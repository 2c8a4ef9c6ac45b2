"""A seeded 5 % of the published annotation file, every task in it, asked on stand-in videos.

All times are divided, by 16 where the entries are streamed: 20,000 turns would take minutes.
The whole protocol at the published times: `benchmarks/ovo_whole.py`, docs/experiments.md.
"""

from collections import Counter
from pathlib import Path

import pytest

from components.core.files import read_json, write_json
from components.evaluate import ovo_bench
from components.evaluate.ovo_bench.sample import stratified
from components.evaluate.ovo_bench.settings import Settings
from components.evaluate.ovo_format import TASKS, load_annotations, load_results, rows_of
from components.evaluate.ovo_score import score
from tests.support import ovo_bench_set
from tests.support.standins import make_standins

SHARE, SEED = 0.05, 0
FASTER = {"online": 16, "polling": 8}
TIMES = ("realtime", "ask_time", "clue_time")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return ovo_bench_set.model(tmp_path_factory.mktemp("model"))


def faster(entry, times):
    """The entry with its times divided."""
    out = {key: value / times if key in TIMES else value for key, value in entry.items()}
    if "test_info" in entry:
        out["test_info"] = [faster(point, times) for point in entry["test_info"]]
    return out


@pytest.mark.parametrize("protocol", ["online", "polling"])
def test_a_sample_of_the_published_file_is_asked_whole(shared_data: Path, tmp_path, model, protocol):
    published = load_annotations(shared_data / "ovo_bench/ovo_bench_new.json")
    annotations = tmp_path / "faster.json"
    write_json(annotations, [faster(entry, FASTER[protocol]) for entry in published])
    known = load_annotations(annotations)
    sample = stratified(known, SHARE, SEED)
    drawn, of = Counter(entry["task"] for entry in sample), Counter(entry["task"] for entry in known)
    assert set(drawn) == set(TASKS) and all(drawn[task] == -(-of[task] // 20) for task in TASKS)
    make_standins(annotations, tmp_path / "videos", only=[entry["video"] for entry in sample])
    knobs = {"frames": 4} if protocol == "polling" else {"window_turns": 8}
    settings = Settings(protocol, sample=SHARE, seed=SEED, max_new_tokens=2, **knobs)
    out = tmp_path / "out"
    told = ovo_bench.run(model, annotations, tmp_path / "videos", out, settings)
    assert told["entries"] == len(sample) and told["rejected"] == {}
    assert sum(sum(how.values()) for how in told["how"].values()) == told["points"]
    results, asked = load_results(out / "results"), load_annotations(out / "annotations.json")
    assert [row["id"] for row in asked] == [entry["id"] for entry in sample]
    assert Counter(row["task"] for row in rows_of(results)) == drawn
    table = score(asked, results)
    assert {task: cell["total"] for task, cell in table["tasks"].items()} == {
        task: sum(len(entry.get("test_info", [0])) for entry in sample if entry["task"] == task)
        for task in drawn
    }
    assert read_json(out / "run.json")["points"] == sum(cell["total"] for cell in table["tasks"].values())
