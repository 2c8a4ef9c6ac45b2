"""What the scenario does and what must come of it, act by act."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.core.hashing import fingerprint, sha256_tree
from infra.scenario import corpus, place, runs
from infra.scenario.place import Place

RETRAIN, REPRODUCE = "retrain/retrain", "reproduce/reproduce"
EVERY_MINUTE = "* * * * *"
SEED = 0
DECISIONS = {"promote": "promoted", "refuse": "refused"}  # of the gate -> of the run


@dataclass
class Act:
    """One act: what happened, and every expectation with whether it held."""

    name: str
    what: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, bool] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether everything was as expected."""
        return all(self.expected.values())


class Story:
    """The acts in order; each looks only at what an operator can see.

    Attributes:
        acts: those that are over.

    """

    def __init__(self, place: Place, say: Callable[[str], None]):
        self.place, self.say = place, say
        self.acts: list[Act] = []

    def play(self) -> None:
        """Every act.

        Raises:
            DataError: an expectation did not hold; the acts so far are kept.

        """
        for tell in (self.first_champion, self.drifted_data, self.unchanged_data, self.worse_candidate,
                     self.drift_event, self.go_back):  # fmt: skip
            act = tell()
            self.acts.append(act)
            self.say(f"{act.name}: {act.what}")
            if broken := [name for name, held in act.expected.items() if not held]:
                raise DataError(
                    f"{act.name}: expected {'; '.join(broken)}; facts: {json.dumps(act.facts)[:2000]}"
                )

    def first_champion(self) -> Act:
        """0: the whole DAG by its deployment, committed, registered, promoted."""
        ended = runs.wait_for(REPRODUCE, run=runs.start(REPRODUCE))
        act = Act("first champion", facts={"run": ended.state})
        act.expected["the run of reproduce completed"] = ended.state == "Completed"
        if not act.held:
            return act
        place.commit(self.place, "First run")
        version = self.version("register", "--json")["version"]
        self.version("promote", version, "champion", "--json")
        serving = self.serving()
        act.facts |= {"version": version, "sha256": self.package_hash(version)}
        act.expected["the first version serves"] = serving == version
        act.what = f"{version} registered and promoted"
        return act

    def drifted_data(self) -> Act:
        """A: clips of another kind arrive; the cron run finds the drift, retrains, and the gate decides."""
        before = self.serving()
        corpus.add(self.place.incoming, corpus.DRIFTED)
        known = runs.over(RETRAIN)
        self.place.streamo("deploy", "--schedule", f"retrain={EVERY_MINUTE}")
        ended = runs.wait_for(RETRAIN, known=known)
        found = self.last_outcome()
        act = Act("A drifted data", facts={"flow": asdict(ended), **brief(found)})
        gate, decision = found.get("gate") or {}, found["decision"]
        act.expected |= {
            "a run that cron started": ended.by_schedule and ended.state == "Completed",
            "drift found in the new clips": bool((found.get("drift") or {}).get("drifted")),
            "a new version": found["version"] not in (None, before),
            "promoted or refused as the gate says": decision == DECISIONS.get(gate.get("decision", "")),
            "the version serves if and only if promoted": self.serving()
            == (found["version"] if decision == "promoted" else before),
        }  # fmt: skip
        act.what = f"{found['version']} {decision}; {intervals(gate)}"
        return act

    def unchanged_data(self) -> Act:
        """B: the next cron run finds the same data and trains nothing."""
        before = (self.versions(), self.trainings(), self.git_heads())
        ended = runs.wait_for(RETRAIN, known=runs.over(RETRAIN))
        found = self.last_outcome()
        self.place.streamo("deploy")  # switches the schedule off again, as prefect.yaml has it
        act = Act("B unchanged data", facts={"flow": asdict(ended), **brief(found)})
        act.expected |= {
            "a run that cron started": ended.by_schedule and ended.state == "Completed",
            "decision nothing": found["decision"] == "nothing",
            "no training, no version, no commit": before
            == (self.versions(), self.trainings(), self.git_heads()),
        }
        act.what = f"{found['decision']}: {found['reason']}"
        return act

    def worse_candidate(self) -> Act:
        """P: shuffled labels arrive for the training videos; a forced run retrains, the gate refuses."""
        before, poisoned = self.serving(), self.place.root / "shuffled"
        split = read_json(self.place.checkout / "artifacts/dataset/split.json")
        training = {video for video, side in split.items() if side == "train"}
        poisoned.mkdir()
        rows = corpus.write_shuffled(poisoned, self.place.checkout / "data", training, SEED)
        ended = runs.wait_for(RETRAIN, run=runs.start(RETRAIN, reason="forced", source=str(poisoned)))
        found = self.last_outcome()
        groups = (found.get("gate") or {}).get("groups") or {}
        refused = [group for group in groups.values() if group["passed"] is False]
        act = Act("P shuffled labels", facts={"rows": rows, "flow": asdict(ended), **brief(found)})
        act.expected |= {
            "the forced run completed": ended.state == "Completed",
            "decision refused": found["decision"] == "refused",
            "an interval wholly below the champion": any(group["interval"][1] < 0 for group in refused),
            "clips that got worse are named": any(group.get("worse") for group in refused),
            "the champion goes on serving": self.serving() == before,
        }
        act.what = f"{found['version']} {found['decision']}; {intervals(found.get('gate') or {})}"
        return act

    def drift_event(self) -> Act:
        """E: an event says that the live data drifted; the trigger starts a run, which finds nothing new."""
        known = runs.over(RETRAIN)
        drift = {"drifted": True, "found": [{"feature": "planted", "statistic": 1.0, "threshold": 0.1}]}
        self.place.pipe(json.dumps(drift), sys.executable, "-m", "flows.events")
        ended = runs.wait_for(RETRAIN, known=known)
        found = self.last_outcome()
        act = Act("E drift event", facts={"flow": asdict(ended), **brief(found)})
        act.expected |= {
            "a run that the event started": ended.by_event and ended.state == "Completed",
            "reason drifted": ended.parameters.get("reason") == "drifted",
            "decision nothing": found["decision"] == "nothing",
        }
        act.what = f"run {ended.name} by the trigger; {found['decision']}: {found['reason']}"
        return act

    def go_back(self) -> Act:
        """R: another version is made champion, and rollback brings back the bytes of the one before."""
        first, serving = self.acts[0].facts, self.serving()
        act = Act("R rollback", facts={"from": serving})
        if (
            serving == first["version"]
        ):  # act A was refused: make its version serve, for the sake of the way back
            serving = self.acts[1].facts["version"]
            self.version("promote", serving, "champion", "--force", "scenario: to go back from", "--json")
        done = self.version("rollback", "champion", "--into", str(self.place.root / "served"), "--json")
        act.facts |= {"to": done["version"], "sha256": tree_hash(self.place.root / "served")}
        act.expected |= {
            "the first version serves again": self.serving() == first["version"] == done["version"],
            "its bytes are those of before": act.facts["sha256"] == first["sha256"],
        }
        act.what = f"{serving} -> {done['version']}, SHA-256 of all files {act.facts['sha256'][:16]}"
        return act

    def version(self, *words: str) -> dict[str, Any]:
        """The object that a registry command prints with --json."""
        found: dict[str, Any] = json.loads(self.place.streamo(*words))
        return found

    def versions(self) -> list[dict[str, Any]]:
        """Every registered version."""
        return [json.loads(line) for line in self.place.streamo("versions", "--json").splitlines()]

    def serving(self) -> str | None:
        """The champion."""
        return next((row["version"] for row in self.versions() if row["stage"] == "champion"), None)

    def package_hash(self, version: str) -> str:
        """One SHA-256 over every file of a version, fetched from the store."""
        into = self.place.root / f"package-{version}"
        code = "import sys; from pathlib import Path; from components.registry.store import open_store; "
        code += "open_store(sys.argv[1]).fetch(sys.argv[2], Path(sys.argv[3]))"
        self.place.run(sys.executable, "-c", code, "registry/store", version, str(into))
        return tree_hash(into)

    def trainings(self) -> int:
        """How many times a training stage has run, here or in a retraining run."""
        checkout = self.place.checkout
        folders = [checkout / "runs", *checkout.glob("runs/retrain/*/runs")]
        return sum(len(list(folder.glob("train@*/2*.json"))) for folder in folders)

    def git_heads(self) -> str:
        """Every branch and tag with its commit."""
        return self.place.run("git", "for-each-ref")

    def last_outcome(self) -> dict[str, Any]:
        """Outcome of the latest retraining run.

        Raises:
            DataError: there is none.

        """
        found = self.place.outcomes()
        if not found:
            raise DataError(f"no outcome below {self.place.checkout / 'runs/retrain'}; see worker.log")
        return found[-1]


def tree_hash(folder: Path) -> str:
    """SHA-256 over names and bytes of all files."""
    return fingerprint(sha256_tree(folder))


def brief(outcome: dict[str, Any]) -> dict[str, Any]:
    """An outcome without its long lists."""
    drift = [row["feature"] for row in ((outcome.get("drift") or {}).get("found") or [])]
    kept = {key: outcome.get(key) for key in ("decision", "reason", "version", "commit", "next")}
    return {**kept, "drift": drift, "gate": intervals(outcome.get("gate") or {})}


def intervals(gate: dict[str, Any]) -> str:
    """Difference to the champion with its interval, group by group."""
    said = []
    for name, group in (gate.get("groups") or {}).items():
        if group.get("interval"):
            low, high = group["interval"]
            said.append(f"{name} {group['difference']:+.1f} [{low:+.1f}, {high:+.1f}]")
    return ", ".join(said) or "nothing compared"
