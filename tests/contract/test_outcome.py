"""Completed and Cached, read from what the installed DVC really prints."""

import pytest

from components.core.errors import InternalError
from flows.outcome import CACHED, COMPLETED, outcome, refusals
from tests.support.toy_dag import Toy


def repro(toy: Toy, address: str) -> str:
    done = toy.run("dvc", "--wait-for-lock", "repro", "--single-item", address)
    return outcome((done.stdout + done.stderr).splitlines(), address)


def test_ran_skipped_and_restored(toy: Toy) -> None:
    assert repro(toy, "corpus") == COMPLETED
    assert repro(toy, "annotate@tsqa-0") == COMPLETED
    assert repro(toy, "annotate@tsqa-0") == CACHED
    toy.run("rm", "-r", "artifacts/annotations")
    assert repro(toy, "annotate@tsqa-0") == CACHED
    assert (toy.root / "artifacts/annotations/tsqa-0/identity.json").exists()
    toy.run("rm", "-r", "dvc.lock", "artifacts")
    assert repro(toy, "corpus") == CACHED, "from the run cache"
    assert toy.records() == 2


def dry(toy: Toy, address: str) -> str:
    done = toy.run("dvc", "--wait-for-lock", "repro", "--dry", "--single-item", address)
    return outcome((done.stdout + done.stderr).splitlines(), address)


def test_a_dry_run_tells_whether_the_command_would_run(toy: Toy) -> None:
    assert dry(toy, "corpus") == COMPLETED
    assert toy.records() == 0
    repro(toy, "corpus")
    assert dry(toy, "corpus") == CACHED
    toy.set_params(seed=1)
    assert dry(toy, "corpus") == COMPLETED, "although DVC also says that it is in the run cache"


def test_a_log_that_says_neither_is_an_error() -> None:
    with pytest.raises(InternalError, match="does not say whether corpus ran"):
        outcome(["Stage 'other' didn't change, skipping", "Data and pipelines are up to date."], "corpus")


def failed_log(toy: Toy, address: str, log: str) -> str:
    done = toy.run("dvc", "--wait-for-lock", "repro", "--single-item", address, check=False)
    assert done.returncode
    (toy.root / log).write_text(done.stdout + done.stderr)
    return f"reproduce: {address} failed, see {log}; not run for it: nothing"


def test_a_stage_that_refuses_the_data_is_told_from_one_that_died(toy: Toy) -> None:
    (toy.root / "broken").write_text("corpus")  # its body then leaves with 1
    said = failed_log(toy, "corpus", "corpus.log")
    assert refusals(toy.root, ["noise", said]) is not None
    main = toy.root / "components/toy/__main__.py"
    main.write_text(main.read_text().replace("raise SystemExit(1)", "raise SystemExit(3)"))
    died = failed_log(toy, "corpus", "other.log")
    assert refusals(toy.root, [died]) is None
    assert refusals(toy.root, [said, died]) is None, "one of them may go better next time"
    assert refusals(toy.root, ["reproduce: this checkout is in use"]) is None
