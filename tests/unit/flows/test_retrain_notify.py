"""The webhook against a real receiver: once, again only where it was not taken, and never its address."""

import urllib.request
from pathlib import Path

import pytest

from flows.retraining.notify import VARIABLE, notify, post
from tests.support.webhook import receiver

OUTCOME = {"id": "run-1", "decision": "promoted"}


def test_the_outcome_is_sent_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as hook:
        monkeypatch.setenv(VARIABLE, hook.url)
        assert notify(OUTCOME, tmp_path / "started") == {"sent": True, "status": 200, "tries": 1}
        again = notify(OUTCOME, tmp_path / "started")
        assert not again["sent"] and "may have arrived" in again["why"]
        assert hook.bodies == [OUTCOME]
        assert hook.headers[0]["Idempotency-Key"] == "run-1"


@pytest.mark.parametrize(
    ("answers", "sent", "tries"),
    [([503, 429], True, 3), ([500, 502, 503, 500], False, 3), ([404], False, 1)],
)
def test_only_what_was_not_taken_is_sent_again(answers: list[int], sent: bool, tries: int) -> None:
    with receiver() as hook:
        hook.answers = list(answers)
        said = post(urllib.request.Request(hook.url, data=b'{"id": 1}', method="POST"), pause_s=0.0)
        assert (said["sent"], said["tries"]) == (sent, tries)
        assert len(hook.bodies) == tries
        assert "planted-hook-secret" not in str(said)


def test_nobody_there_is_a_result_not_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as hook:
        gone = hook.url
    said = post(urllib.request.Request(gone, data=b"{}", method="POST"), pause_s=0.0)
    assert not said["sent"] and said["why"].startswith("no connection")
    monkeypatch.setenv(VARIABLE, "ftp://example.org/planted-hook-secret")
    assert "planted" not in str(notify(OUTCOME, tmp_path / "started"))
    monkeypatch.delenv(VARIABLE)
    assert notify(OUTCOME, tmp_path / "started") == {"sent": False, "why": f"{VARIABLE} is not set"}
