"""Errors that are the server's last word on one question: kept as refusals, the run goes on."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from components.teacher.asking import TRANSIENT
from components.teacher.base import Refusal
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ask
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint, EndpointError
from tests.support.openai_server import Say, Server, serving, user_text

FILTERED = {"error": {"code": "content_filter", "message": "triggered the policy", "status": 400}}
POLICY = {
    "error": {"code": "content_policy_violation", "message": "rejected", "type": "invalid_request_error"}
}
UNPARSED = {
    "error": {"code": 500, "message": "The model produced output that does not match the expected format"}
}


def client(server: Server, folder: Path) -> Client:
    endpoint = Endpoint(server.url, "m", "1", 1.0, 2.0, timeout_s=60.0, attempts=2)
    return Client(endpoint, AnswerCache(folder), Budget(usd=5.0), stream=io.StringIO())


@pytest.mark.parametrize(("status", "body"), [(400, FILTERED), (400, POLICY), (500, UNPARSED)])
def test_one_question_is_refused_and_the_others_are_answered(
    status: int, body: dict[str, Any], tmp_path: Path
) -> None:
    def script(asked: dict[str, Any], before: int) -> Say:
        if user_text(asked) == "the bad one":
            return Say(status=status, body=json.dumps(body).encode())
        return Say("well")

    questions = [ask("say", text) for text in ("one", "the bad one", "three")]
    with serving(script) as server:
        asked = client(server, tmp_path)
        first = asked.ask_many(questions)
        refused = first[1]
        assert isinstance(refused, Refusal)
        assert refused.reason == "refused"
        assert refused.reason not in TRANSIENT  # a product may be made without it
        assert refused.detail == body["error"]["message"]
        assert [isinstance(outcome, Refusal) for outcome in first] == [False, True, False]
        assert (server.calls, asked.budget.presumed.tokens) == (3, 0)
        again = client(server, tmp_path)
        assert [str(outcome) for outcome in again.ask_many(questions)[1:2]] == [str(refused)]
        assert server.calls == 3


@pytest.mark.parametrize(
    "body", [{"error": {"code": "model_not_found", "message": "no"}}, {"error": "content_filter"}, [1]]
)
def test_other_errors_end_the_run_as_before(body: Any, tmp_path: Path) -> None:
    said = Say(status=400, body=json.dumps(body).encode())
    with serving(lambda asked, before: said) as server, pytest.raises(EndpointError, match="HTTP 400"):
        client(server, tmp_path).ask_many([ask("say", "one")])
    assert not list(tmp_path.rglob("*.json"))
