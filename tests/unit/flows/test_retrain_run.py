"""Journal, parameters, which steps apply, and the outcome: from a journal alone, without a run."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError, UsageError
from components.core.files import write_json
from flows.retraining import journal
from flows.retraining.ending import outcome
from flows.retraining.journal import Journal
from flows.retraining.message import commit_message
from flows.retraining.run import applies, open_or_create, parameters
from flows.retraining.settings import Settings, read_settings

NOW = dt.datetime(2026, 1, 31, 12, 0, 0, tzinfo=dt.UTC)
SETTINGS = Settings("retrain", "../incoming", (), 20, 30.0, 0.0, ())
ASKED = {"reason": "scheduled", "source": None, "sessions": []}
FETCH = {"changed": True, "before": "a", "after": "b", "videos": ["x.mp4"], "quarantined": {"symlink": 2},
         "rows": {"labels.json": 3}}  # fmt: skip
FOUND = {"feature": "brightness", "part": "data", "says": "brightness: 1 -> 2", "method": "wasserstein",
         "statistic": 0.51234, "threshold": 0.1}  # fmt: skip
GROUP = {"candidate": 40.0, "champion": 60.0, "difference": -20.0, "interval": [-30.0, -10.0], "margin": 5.0,
         "passed": False, "reason": "worse", "worse": [{"video_id": f"{n}"} for n in range(30)]}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Journal:
    """A run that has come to its decision."""
    made = journal.create(tmp_path, {**ASKED, "settings": {}, "identity": ["a", "b"]}, NOW)
    made.finish("begin", {"base": "1" * 40, "branch_tip": None, "data": "a"})
    made.finish("fetch", FETCH)
    made.finish("features", {"made": True, "gate_failed": None})
    made.finish("drift", {"asked": True, "drifted": True, "rate": 0.05, "found": [FOUND], "undecided": {}})
    return made


def judge(run: Journal, decision: str) -> None:
    """Add the steps up to the branch."""
    run.finish("decide", {"what": "retrain", "why": "drift (brightness); 1 new videos", "champion": "v0.0.1"})
    run.finish("reproduce", {"same": False, "version": None})
    gate = {
        "decision": decision,
        "champion": "v0.0.1",
        "reasons": ["forward: worse"],
        "groups": {"forward": GROUP},
    }
    write_json(run.folder / "gate.json", gate)
    run.finish("gate", {**gate, "file": str(run.folder / "gate.json")})
    run.finish("commit", {"commit": "2" * 40, "new": True, "tree": "3" * 40})
    run.finish("stage", {"version": "v0.0.2", "stage": "archived"})
    run.finish("branch", {"branch": "retrain", "moved": decision == "promote"})


def test_an_open_run_is_picked_up_with_its_own_parameters(run: Journal, tmp_path: Path) -> None:
    said: list[str] = []
    other = {"reason": "forced", "source": "/elsewhere", "sessions": []}
    found = open_or_create(tmp_path, other, SETTINGS, said.append)
    assert (found.id, found.parameters["reason"]) == ("20260131T120000Z", "scheduled")
    assert "picks up run 20260131T120000Z" in said[0] and "are not used" in said[1]
    run.close({"decision": "nothing"})
    assert journal.open_journal(tmp_path) is None
    assert journal.outcomes(tmp_path) == [{"decision": "nothing"}]


def test_two_runs_of_one_second_have_two_names(run: Journal, tmp_path: Path) -> None:
    assert journal.create(tmp_path, ASKED, NOW).id == "20260131T120000Z-2"


def test_a_journal_that_is_no_json_is_named(run: Journal, tmp_path: Path) -> None:
    (run.folder / journal.FILE).write_text("{")
    with pytest.raises(DataError, match=r"journal\.json: not valid JSON"):
        journal.open_journal(tmp_path)


def test_relative_paths_of_a_call_are_meant_from_the_main_tree(tmp_path: Path) -> None:
    asked = parameters(tmp_path, SETTINGS, "forced", None, ["runs/a.jsonl"])
    assert asked["source"] == str(tmp_path / "../incoming")
    assert asked["sessions"] == [str(tmp_path / "runs/a.jsonl")]
    assert parameters(tmp_path, SETTINGS, "forced", "s3://bucket/x", None)["source"] == "s3://bucket/x"
    assert parameters(tmp_path, SETTINGS, "forced", "import", None)["source"] == "import"


@pytest.mark.parametrize(
    ("decided", "reproduced", "asked"),
    [
        ("retrain", None, {"reproduce", "gate", "push", "notify", "end"}),
        ("retrain", {"same": True, "version": "v0.0.1"}, {"reproduce", "notify", "end"}),
        ("retrain", {"same": True, "version": None}, {"reproduce", "gate", "push", "notify", "end"}),
        ("nothing", None, {"notify", "end"}),
        ("failed", None, {"notify", "end"}),
    ],
)
def test_which_steps_apply(
    run: Journal, decided: str, reproduced: dict[str, Any] | None, asked: set[str]
) -> None:
    run.finish("decide", {"what": decided, "why": ""})
    if reproduced:
        run.finish("reproduce", reproduced)
    looked_at = ("reproduce", "gate", "push", "notify", "end")
    assert {step for step in looked_at if applies(step, run)} == asked


def test_a_rejected_run_only_tells_and_ends(run: Journal) -> None:
    run.reject("fetch", "no such folder")
    assert [step for step in ("begin", "fetch", "decide", "notify", "end") if applies(step, run)] == [
        "notify",
        "end",
    ]
    found = outcome(run)
    assert (found["decision"], found["reason"]) == ("failed", "fetch: no such folder")


def test_drift_of_live_sessions_is_told_although_nothing_can_be_made_of_it(run: Journal) -> None:
    run.finish("drift", {**run.need("drift"), "out": "/run/drift"})
    run.finish("decide", {"what": "nothing", "why": "the data is the base's", "champion": None})
    found = outcome(run)
    assert found["decision"] == "nothing" and found["failed_at"] is None
    assert "look at the drift in /run/drift" in found["next"]
    assert "quarantine.json" in found["next"]


def test_bad_rows_are_to_be_mended_at_the_source(run: Journal) -> None:
    run.finish("decide", {"what": "failed", "why": "the gate refuses the new data: row-7", "champion": None})
    found = outcome(run)
    assert (found["decision"], found["failed_at"]) == ("failed", "decide")
    assert "mend the named rows at the source" in found["next"]


def test_a_refusal_names_the_gates_reasons_and_some_clips(run: Journal) -> None:
    judge(run, "refuse")
    found = outcome(run)
    assert found["decision"] == "refused"
    assert "forward: worse" in found["reason"]
    assert len(found["gate"]["groups"]["forward"]["worse"]) == 20
    assert "v0.0.2 is archived" in found["next"]


def test_a_promotion_says_how_to_take_it_over(run: Journal) -> None:
    judge(run, "promote")
    found = outcome(run)
    assert (found["decision"], found["version"], found["commit"]) == ("promoted", "v0.0.2", "2" * 40)
    assert "`git merge retrain`" in found["next"]


def test_the_commit_says_why(run: Journal) -> None:
    judge(run, "promote")
    message = commit_message(run)
    subject, *rest = message.splitlines()
    assert subject == "Retrain: 1 new videos, scheduled, drift in 1 features"
    body = "\n".join(rest)
    assert "brightness: 1 -> 2 (wasserstein 0.512, threshold 0.1)" in body
    assert "1 new videos (x.mp4), 3 new rows of labels.json; 2 files or rows refused" in body
    assert "difference -20.0 [-30.0, -10.0], margin 5.0" in body
    assert message.endswith(f"Retrain-Id: {run.id}\nBase: {'1' * 40}\n")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("branch", ""),
        ("sessions", "a"),
        ("min_new_videos", -1),
        ("wait_s", True),
        ("push", [1]),
        ("source", 3),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, key: str, value: object) -> None:
    numbers = {"min_new_videos": 1, "max_age_days": 1, "wait_s": 0}
    good = {"branch": "retrain", "source": None, "sessions": [], "push": [], **numbers}
    write_json(tmp_path / "params.yaml", {"retrain": good})
    assert read_settings(tmp_path).branch == "retrain"
    write_json(tmp_path / "params.yaml", {"retrain": {**good, key: value}})
    with pytest.raises(UsageError, match=rf"retrain\.{key}"):
        read_settings(tmp_path)
