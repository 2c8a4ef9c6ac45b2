"""A failing stage stops what depends on it and nothing else; the next run does only what is left."""

import json
from pathlib import Path

from tests.support.toy_dag import Toy


def states(toy: Toy) -> dict[str, str]:
    """States of the latest flow run; the Prefect server, which hears of them by events, has the same."""
    latest = max((toy.root / "runs/flow").glob("flow-*.json"), key=lambda path: path.stat().st_mtime_ns)
    record = json.loads(latest.read_text())
    assert {name: task["state"] for name, task in record["prefect"].items()} == record["states"]
    own: dict[str, str] = record["states"]
    return own


def test_failure_stops_downstream_and_a_rerun_finishes(toy: Toy) -> None:
    (toy.root / "broken").write_text("validate")
    done = toy.run(*toy.flow(), check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "validate failed, see runs/logs/" in done.stderr
    assert "not run for it: dataset, train@focal-0" in done.stderr
    log = done.stderr.split("see ")[1].split(";")[0]
    assert "failed to reproduce 'validate'" in (toy.root / log).read_text()
    found = states(toy)
    assert {name for name, state in found.items() if state == "Completed"} == {
        "corpus", "annotate@narration-0", "annotate@tsqa-0", "dialogues",
    }  # fmt: skip
    assert (found["validate"], found["dataset"], found["train@focal-0"]) == ("Failed", "NotReady", "NotReady")
    assert not (toy.root / "artifacts/validation").exists()

    (toy.root / "broken").unlink()
    again = toy.run(*toy.flow())
    assert "8 stages: 3 ran, 5 cached" in again.stdout
    assert [len(list((toy.root / "runs" / name).glob("*.json"))) for name in ("corpus", "validate")] == [1, 2]


def test_independent_stages_overlap_and_one_job_does_not(toy: Toy) -> None:
    for jobs, together in (("2", True), ("1", False)):
        toy.set_params(sleep={"corpus": 0, "annotate": 2 + int(jobs), "dialogues": 0})
        said = toy.run(*toy.flow("--targets", "annotate", "--jobs", jobs)).stdout
        order = [line.split("] ")[1] for line in said.splitlines() if "] annotate@" in line]
        begun = [line for line in order if ": running" in line]
        assert len(begun) == 2
        assert all(": running" in line for line in order[:2]) is together, order


def test_products_of_stages_that_are_gone_are_removed_and_said(toy: Toy) -> None:
    toy.run("dvc", "repro", "-q", "dialogues")
    dag = toy.root / "dvc.yaml"
    dag.write_text(dag.read_text().replace("      - tsqa\n", ""))
    said = toy.run(*toy.flow("--targets", "dialogues")).stdout
    assert "annotations/tsqa-0: a product of a stage that is no longer in the DAG" in said
    assert [path.name for path in sorted(Path(toy.root / "artifacts/annotations").iterdir())] == [
        "narration-0"
    ]
    assert "dialogues: Completed" in said
