"""Kept answers: what does not verify is refused by name; what a hash stands for."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError, InternalError
from components.core.hashing import fingerprint
from components.protocol.states import contains_state_token
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ChatRequest, Image, Message, ask, key_of
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint
from components.teacher.foreign import state_token_places, without_state_tokens
from components.teacher.usage import main
from tests.support.openai_server import Say, serving, user_text

PNG = b"\x89PNG\r\n\x1a\n"
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


def without(key: str) -> Any:
    return lambda record: record.pop(key)


def other_raw(record: dict[str, Any]) -> None:
    record["raw"] = record["raw"].replace("yes", "no!")


def other_request(record: dict[str, Any]) -> None:
    record["request"]["parameters"]["seed"] = 5


def other_usage(record: dict[str, Any]) -> None:
    record["provenance"]["usage"] = [1, 1]


def forged(change: Any) -> Any:
    """A change that puts the hash of the changed record into it, as a stranger with access can."""

    def damage(record: dict[str, Any]) -> None:
        del record["sha256"]
        change(record)
        record["sha256"] = fingerprint(record)

    return damage


def nested(record: dict[str, Any]) -> None:
    for _ in range(900):
        record["provenance"] = {"charged": record["provenance"]}


def no_usage(record: dict[str, Any]) -> None:
    del record["provenance"]["usage"]


DAMAGE = {
    "other_raw": (other_raw, "SHA-256"),
    "other_request": (other_request, "SHA-256"),
    "other_usage": (other_usage, "SHA-256"),
    "no_raw": (without("raw"), "SHA-256"),
    "no_schema": (without("schema"), "schema 1"),
    "forged_other_request": (forged(other_request), "not the one its name stands for"),
    "forged_no_request": (forged(without("request")), "other fields"),
    "forged_no_usage": (forged(no_usage), "other fields"),
    "forged_no_end": (forged(lambda record: record["provenance"].pop("finish_reason")), "other fields"),
    "forged_text": (forged(lambda record: record.update(raw=5)), "other fields"),
    "forged_nested": (forged(nested), "other fields"),
}


@pytest.mark.parametrize("damage", [*DAMAGE, "half", "empty", "binary", "swapped"])
def test_an_entry_that_does_not_verify_is_refused_by_name_and_asked_again(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = [ask("", "0"), ask("", "1")]
    with serving(lambda body, before: Say("yes")) as server:
        endpoint = Endpoint(server.url, "m", "1", 0.0, 0.0)
        first = Client(endpoint, AnswerCache(tmp_path), Budget()).ask_many(requests)
        path, other = (AnswerCache(tmp_path).path(outcome.key) for outcome in first)
        whole = path.read_bytes()
        if damage in DAMAGE:
            change, says = DAMAGE[damage]
            record = json.loads(whole)
            change(record)
            path.write_text(json.dumps(record))
        else:
            bad = {"half": whole[:50], "empty": b"", "binary": b"\xff\xfe", "swapped": other.read_bytes()}
            path.write_bytes(bad[damage])
            says = "not the one its name stands for" if damage == "swapped" else ""
        again = Client(endpoint, AnswerCache(tmp_path), Budget())
        assert again.ask_many(requests) == first
        assert server.calls == 3
        assert list(again.cache.refused) == [str(path)]
        assert says in again.cache.refused[str(path)]
        assert f"{path}: this kept answer is refused and asked again" in capsys.readouterr().err
        assert Client(endpoint, AnswerCache(tmp_path), Budget()).ask_many(requests) == first
        assert server.calls == 3


def test_everything_an_answer_depends_on_is_in_its_hash() -> None:
    request = ask("system", "text", Image(PNG + b"a"), schema=SCHEMA)
    variants: list[ChatRequest] = [
        ask("other", "text", Image(PNG + b"a"), schema=SCHEMA),
        ask("system", "other", Image(PNG + b"a"), schema=SCHEMA),
        ask("system", "text", Image(PNG + b"b"), schema=SCHEMA),
        ask("system", Image(PNG + b"a"), "text", schema=SCHEMA),
        replace(request, messages=(*request.messages, Message("assistant", ("x",)))),
        replace(request, schema=None),
        replace(request, schema={**SCHEMA, "additionalProperties": True}),
        replace(request, max_tokens=1),
        replace(request, temperature=0.5),
        replace(request, temperature=None),
        replace(request, seed=1),
        replace(request, seed=None),
    ]
    keys = [key_of(one.known_by("m", "1")) for one in [request, *variants]]
    keys += [key_of(request.known_by("m2", "1")), key_of(request.known_by("m", "2"))]
    assert len(set(keys)) == len(keys) == 15
    assert key_of(ask("system", "text", Image(PNG + b"a"), schema=SCHEMA).known_by("m", "1")) == keys[0]


def test_image_bytes_are_not_kept_and_other_formats_are_refused(tmp_path: Path) -> None:
    with serving(lambda body, before: Say("yes")) as server:
        endpoint = Endpoint(server.url, "m", "1", 0.0, 0.0)
        Client(endpoint, AnswerCache(tmp_path), Budget()).ask_many([ask("", Image(PNG + b"secret frame"))])
    [kept] = [path.read_text() for path in tmp_path.rglob("*.json")]
    assert "image_sha256" in kept
    assert "c2VjcmV0" not in kept
    with pytest.raises(InternalError, match="expected PNG or JPEG"):
        ask("", Image(b"GIF89a")).body("m")


@pytest.mark.parametrize("token", ["</Silence>", "</response>", "< / S t a n d b y >", "</Res\nponse>"])
def test_state_tokens_are_found_and_broken_wherever_they_stand(token: str) -> None:
    data = {"events": [{"caption": f"a {token} b"}, {"caption": "fine"}], token: 1, "n": 2}
    assert state_token_places(data) == ["answer.events[0].caption", f"answer.{token}"]
    broken = without_state_tokens(f"say {token} {token} now")
    assert not contains_state_token(broken)
    assert broken.replace("\u2060", "") == f"say {token} {token} now"
    assert without_state_tokens("silence </b> <Response>") == "silence </b> <Response>"


def test_what_the_answers_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(
        lambda body, before: Say("yes", usage=None if user_text(body) == "2" else (10, 5))
    ) as server:
        for revision, count in (("1", 3), ("2", 1)):
            endpoint = Endpoint(server.url, "m", revision, 1.0, 2.0)
            Client(endpoint, AnswerCache(tmp_path), Budget()).ask_many(
                [ask("", str(n)) for n in range(count)]
            )
    capsys.readouterr()
    main([str(tmp_path), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["m (1)", "m (2)"]
    assert (found["m (2)"]["answers"], found["m (2)"]["usd"], found["m (2)"]["presumed"]) == (1, 2e-05, 0)
    assert (found["m (1)"]["sent"], found["m (1)"]["answered"], found["m (1)"]["presumed"]) == (20, 10, 1)
    assert found["m (1)"]["finish_reasons"] == {"stop": 3}
    main([str(tmp_path)])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["model", "m", "m"]
    next(tmp_path.glob("??/*.json")).write_text("{}")
    with pytest.raises(DataError, match="1 kept answers do not verify"):
        main([str(tmp_path)])
    with pytest.raises(DataError, match="no such folder"):
        main([str(tmp_path / "none")])
