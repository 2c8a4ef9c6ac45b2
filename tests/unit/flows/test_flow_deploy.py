"""prefect.yaml, the pools and the words of `streamo deploy` fit together; faults are named."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError, UsageError
from flows.deploy import PREFECT_YAML, all_deployments, full_name, parse_schedule, read_yaml
from flows.events import DRIFT, drift_payload
from flows.pools import FILE, read_pools
from flows.work_pools import stage_deployment, work_pools

ROOT = Path(__file__).resolve().parents[3]


def entries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_yaml(ROOT / PREFECT_YAML)["deployments"]
    return found


def test_the_committed_files_fit() -> None:
    pools = read_pools(ROOT / FILE)
    made = all_deployments(entries(), pools)
    assert [(full_name(entry), entry["work_pool"]["name"]) for entry in made] == [
        ("reproduce/reproduce", "local"),
        ("retrain/retrain", "local"),
        ("audit/audit", "local"),
        ("run-stage/gpu", "gpu"),
        ("run-stage/labels", "labels"),
    ]
    one_a_worker = ("process", None)
    assert work_pools(pools) == {"local": ("process", 1), "gpu": ("process", 1), "labels": one_a_worker}


def test_flows_of_one_checkout_run_one_at_a_time_and_cron_trains_nothing_unasked() -> None:
    own = {entry["name"]: entry for entry in entries() if entry["work_pool"]["name"] == "local"}
    assert all(entry["concurrency_limit"]["limit"] == 1 for entry in own.values())
    assert [schedule["active"] for schedule in own["retrain"]["schedules"]] == [False]
    assert own["retrain"]["triggers"][0]["expect"] == [DRIFT]
    assert own["retrain"]["triggers"][0]["parameters"] == {"reason": "drifted"}


def test_a_deployment_without_pool_and_one_that_is_made_from_its_pool() -> None:
    pools = read_pools(ROOT / FILE)
    own = [{**entries()[0], "work_pool": {"name": "mine"}}]
    with pytest.raises(UsageError, match=r"reproduce wants pool 'mine', not in infra/pools\.yaml"):
        all_deployments(own, pools)
    with pytest.raises(UsageError, match=r"run-stage/gpu is made from infra/pools\.yaml: take it out"):
        all_deployments([*entries(), stage_deployment(pools[0])], pools)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="root of the checkout"):
        read_yaml(tmp_path / PREFECT_YAML)
    for text in ("- a", "a: ["):
        (tmp_path / PREFECT_YAML).write_text(text)
        with pytest.raises(UsageError, match=PREFECT_YAML):
            read_yaml(tmp_path / PREFECT_YAML)


def test_schedules_on_the_command_line() -> None:
    assert parse_schedule("retrain") == ("retrain", None)
    assert parse_schedule("retrain=*/5 * * * *") == ("retrain", "*/5 * * * *")


def test_without_a_server_the_command_says_what_to_do() -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-m", "components.cli", "deploy"],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "PREFECT_API_URL" in done.stderr and "make ui" in done.stderr


def test_what_a_drift_event_says() -> None:
    row = {"feature": "duration", "statistic": 1.5, "threshold": 0.1, "reference": 3, "current": 9}
    payload = drift_payload(json.dumps({"drifted": True, "found": [row], "features": {}}))
    assert payload == {
        "metric": "duration",
        "found": [{k: row[k] for k in ("feature", "statistic", "threshold")}],
    }
    assert drift_payload('{"drifted": false, "found": []}') is None
    for text in ("", "[]", '{"drifted": true}', '{"drifted": true, "found": [{}]}'):
        with pytest.raises(DataError, match="streamo drift --json"):
            drift_payload(text)
