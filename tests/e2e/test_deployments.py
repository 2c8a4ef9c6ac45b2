"""Server with login on Postgres, deployments, worker: by hand, by cron, an audit, artifacts, no orphan.

On SQLite the scenario (test_scenario.py) does more than this.
"""

import json
import os
import shutil
from collections.abc import Iterator

import pytest

from components.core.lock import checkout_lock
from infra.scenario import database, services
from infra.scenario.place import Place
from tests.support.processes import alive, roles_below, wait_until
from tests.support.retrain_repo import ROOT, make_repo, write_videos

pytestmark = pytest.mark.skipif(
    database.programs() is None, reason="Postgres is not installed (bash infra/apt.sh postgres)"
)
GONE_S = 10.0
PATIENCE_S = 180.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A small repository with its first champion, and clips to retrain from; server and worker run."""
    root = tmp_path_factory.mktemp("deployed")
    with database.postgres(root / "postgres.log") as url:
        found = Place(root, services.settings(url))
        repo = make_repo(found.checkout)
        shutil.copy(ROOT / "prefect.yaml", repo.root)
        (repo.root / "infra").mkdir()
        shutil.copy(ROOT / "infra/pools.yaml", repo.root / "infra")
        repo.git("add", "-A")
        repo.set_params("retrain", source="../incoming")
        write_videos(found.incoming, ["n0", "n1", "n2"])
        with services.running(found), services.client_environment(found):
            yield found


def artifacts() -> set[str]:
    """Keys of all artifacts on the server."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return {str(artifact.key) for artifact in client.read_artifacts()}


def test_by_hand_by_cron_and_audited(place: Place) -> None:
    from infra.scenario import runs

    by_hand = runs.wait_for("reproduce/reproduce", run=runs.start("reproduce/reproduce"))
    assert (by_hand.state, by_hand.by_schedule) == ("Completed", False)
    assert {"stages", "progress"} <= artifacts()

    place.streamo("deploy", "--schedule", "retrain=* * * * *")
    by_cron = runs.wait_for("retrain/retrain", known=set())
    assert (by_cron.state, by_cron.by_schedule, by_cron.by_event) == ("Completed", True, False)
    (outcome,) = place.outcomes()[:1]
    assert (outcome["decision"], len(outcome["new_videos"])) == ("promoted", 3)
    assert {"verdict", "gate"} <= artifacts()

    again = place.streamo("deploy", "--json").splitlines()
    assert '"active": true' not in next(line for line in again if "retrain" in line)
    pools = {row["name"]: row["pool"] for row in map(json.loads, again)}
    assert len(pools) == 5
    assert (pools["run-stage/gpu"], pools["run-stage/labels"]) == ("gpu", "labels")

    audited = runs.wait_for("audit/audit", run=runs.start("audit/audit"))
    assert audited.state == "Completed"
    assert "audit" in artifacts()


def test_a_run_ends_with_its_worker_and_the_next_worker_starts(place: Place) -> None:
    from infra.scenario import runs

    with checkout_lock(place.checkout, "a test"):  # the audit waits for it
        runs.start("audit/audit")
        marks = {"worker": "prefect worker start", "run": "prefect.engine"}
        assert wait_until(lambda: set(roles_below(os.getpid(), marks)) == set(marks), PATIENCE_S)
        found = roles_below(os.getpid(), marks)
        log = place.root / "worker.log"
        assert wait_until(lambda: "waiting for" in log.read_text(), PATIENCE_S)  # the flow itself runs now
        found["worker"].kill()
        assert wait_until(lambda: not alive(found.values()), GONE_S)
        assert wait_until(lambda: log.read_text().count("started!") == 2, PATIENCE_S)


def test_nothing_outlives_a_killed_server_script(place: Place) -> None:
    marks = {"script": "flows.serve", "server": "uvicorn"}
    found = roles_below(os.getpid(), marks)
    assert set(found) == set(marks)
    found["script"].kill()
    assert wait_until(lambda: not alive([found["server"]]), GONE_S)


def test_no_password_in_any_file(place: Place) -> None:
    secret = place.settings["PREFECT_API_AUTH_STRING"].partition(":")[2]
    logs = [*place.root.glob("*.log"), *place.checkout.glob("runs/**/*.log"), *place.checkout.glob("*.yaml")]
    assert len(logs) > 5
    assert not [path for path in logs if secret in path.read_text(errors="replace")]
