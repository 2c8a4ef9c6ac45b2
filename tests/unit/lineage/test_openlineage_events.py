"""Run records as OpenLineage events, read back with the library's own types."""

import contextlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent
from openlineage.client.transport.file import FileConfig, FileTransport

from components.cli.main import main
from components.core.files import read_json, write_json
from components.lineage.giturl import public_url
from components.lineage.history import all_runs
from components.lineage.openlineage_events import all_events, read_workspace, run_events
from components.lineage.openlineage_send import write_events
from tests.support.audit_world import World

Json = dict[str, Any]


def exported(root: Path, path: Path) -> list[Json]:
    """The events of a checkout, by way of a file."""
    write_events(path, all_events(root))
    return [json.loads(line) for line in path.read_text().splitlines()]


def parsed(event: Json) -> RunEvent:
    """The event as the library's types, whose validators refuse a wrong id or time."""
    return RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        eventType=event["eventType"],
        run=Run(**event["run"]),
        job=Job(**event["job"]),
        inputs=[InputDataset(**one) for one in event["inputs"]],
        outputs=[OutputDataset(**one) for one in event["outputs"]],
    )


def last(events: list[Json], job: str) -> Json:
    return [event for event in events if event["job"]["name"] == job][-1]


def versions(datasets: list[Json]) -> dict[str, str | None]:
    return {one["name"]: one["facets"].get("version", {}).get("datasetVersion") for one in datasets}


def test_every_run_starts_and_completes_once(registered: World, tmp_path: Path) -> None:
    events = exported(registered.root, tmp_path / "events.jsonl")
    runs = all_runs(registered.root)
    assert len(events) == 2 * len(runs) == 2 * 3 * 10
    states: dict[str, list[str]] = {}
    for event in events:
        assert parsed(event).run.runId == str(UUID(event["run"]["runId"]))
        states.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert list(states.values()) == [["START", "COMPLETE"]] * len(runs)


def test_the_same_records_give_the_same_lines_as_the_librarys_file_transport(
    registered: World, tmp_path: Path
) -> None:
    first = exported(registered.root, tmp_path / "first.jsonl")
    transport = FileTransport(FileConfig(log_file_path=str(tmp_path / "theirs.jsonl"), append=True))
    for event in all_events(registered.root):
        transport.emit(event)
    theirs = [json.loads(line) for line in (tmp_path / "theirs.jsonl").read_text().splitlines()]
    assert theirs == first
    assert (tmp_path / "first.jsonl").read_bytes() == (tmp_path / "theirs.jsonl").read_bytes()


def test_the_last_run_bears_the_hashes_of_dvc_lock(registered: World, tmp_path: Path) -> None:
    event = last(exported(registered.root, tmp_path / "e.jsonl"), "dataset")
    entry = yaml.safe_load((registered.root / "dvc.lock").read_text())["stages"]["dataset"]
    assert versions(event["outputs"]) == {out["path"]: out["md5"] for out in entry["outs"]}
    data = {dep["path"]: dep["md5"] for dep in entry["deps"] if not dep["path"].startswith("components/")}
    assert versions(event["inputs"]) == data
    assert set(data) == {"data", "artifacts/corpus", "artifacts/turns", "artifacts/validation"}


def test_an_earlier_run_claims_no_hash_it_did_not_have(registered: World, tmp_path: Path) -> None:
    events = exported(registered.root, tmp_path / "e.jsonl")
    first = next(e for e in events if e["job"]["name"] == "dataset" and e["eventType"] == "COMPLETE")
    assert set(versions(first["inputs"]).values()) == {None}
    (version,) = versions(first["outputs"]).values()
    assert version is not None and version.startswith("sha256:")


def test_the_gate_stands_on_the_turns_it_judged(registered: World, tmp_path: Path) -> None:
    event = last(exported(registered.root, tmp_path / "e.jsonl"), "validate")
    (turns,) = event["inputs"]
    assert turns["name"] == "artifacts/turns"
    told = turns["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [(each["assertion"], each["success"]) for each in told] == [
        ("time", True)
    ]  # `video` was not checked


def record(**values: object) -> Json:
    """A run record of stage train."""
    told = {"stage": "train@focal-0", "status": "completed", "started_at": "2026-01-02T03:04:05+00:00"}
    return {**told, "duration_s": 1.5, "git": "abc-dirty", "identity": None, "outputs": {"a": "b"}, **values}


def test_a_failed_run_fails_and_made_nothing(registered: World) -> None:
    workspace = read_workspace(registered.root)
    start, end = run_events(workspace, "runs/x.json", record(status="failed", outputs={}))
    assert [start.eventType.value, end.eventType.value] == ["START", "FAIL"]
    assert end.outputs == []
    assert (start.eventTime, end.eventTime) == (
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:06.500000+00:00",
    )


def test_the_flow_run_is_the_parent_where_the_record_names_it(registered: World) -> None:
    workspace, flow = read_workspace(registered.root), "0b0f3f3e-7d8b-4b6f-9d0e-3f1f5a1c2d3e"
    start, _ = run_events(workspace, "runs/x.json", record(flow_run=flow))
    assert start.run.facets["parent"].run.runId == flow
    alone, _ = run_events(workspace, "runs/x.json", record())
    assert "parent" not in alone.run.facets
    assert alone.run.runId != start.run.runId


def test_a_stage_that_is_gone_keeps_its_run(registered: World) -> None:
    start, end = run_events(read_workspace(registered.root), "runs/x.json", record(stage="gone"))
    assert (start.job.name, start.inputs, end.outputs) == ("gone", [], [])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:s3cret@example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://example.org:8443/a?token=s3cret#s3cret", "https://example.org:8443/a"),
        ("ssh://git@example.org/a.git", "ssh://example.org/a.git"),
        ("git@example.org:a/b.git", "example.org:a/b.git"),
        ("/home/somebody/s3cret/repo", "git:local"),
        ("file:///home/somebody/repo", "git:local"),
        ("../repo", "git:local"),
        ("", "git:local"),
    ],
)
def test_addresses_lose_credentials_and_local_paths(url: str, shown: str) -> None:
    assert public_url(url) == shown


def test_code_location_has_the_commit_and_no_password(copied: World, tmp_path: Path) -> None:
    copied.run("git", "remote", "add", "origin", "https://user:s3cret@example.org/r.git")
    events = exported(copied.root, tmp_path / "e.jsonl")
    where = events[0]["job"]["facets"]["sourceCodeLocation"]
    assert where["url"] == "https://example.org/r.git"
    assert where["version"] == all_runs(copied.root)[0][1]["git"]
    assert "s3cret" not in (tmp_path / "e.jsonl").read_text()


def test_the_command_writes_a_file_only_when_asked(
    copied: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.chdir(copied.root):
        assert main(["lineage", "--events", str(tmp_path / "out.jsonl")]) == 0
        assert main(["lineage"]) == 2
    assert "60 events of 30 stage runs" in capsys.readouterr().out
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 60


def test_a_broken_record_is_named(copied: World, capsys: pytest.CaptureFixture[str]) -> None:
    path = copied.root / all_runs(copied.root)[0][0]
    good = read_json(path)
    path.write_text(path.read_text()[:20])
    with contextlib.chdir(copied.root):
        assert main(["lineage", "--events", "out.jsonl"]) == 1
    assert path.name in capsys.readouterr().err
    write_json(path, good)
    assert len(all_runs(copied.root)) == 30
