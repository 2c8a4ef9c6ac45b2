"""From the bytes a server sent to an answer that can be used, or to the reason why not; without a guess."""

import json
import re
from dataclasses import dataclass
from typing import Any, TypeVar

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # the package ships no types
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # the package ships no types

from components.teacher.base import Refusal
from components.teacher.chat import ChatRequest

FENCED = re.compile(r"\A```(?:json)?[ \t]*\n(.*)\n```\Z", re.DOTALL)
SHOWN = 200  # characters of a foreign text in a message
BROKEN_OFF = ("abort", "error")  # what servers say of answers they did not finish (vLLM, SGLang, routers)
THOUGHTS = ("thinking", "reasoning")  # parts of a message that are no part of the answer
LARGEST = 2**63
MOST_TOKENS = 2**53  # no server counts more
Number = TypeVar("Number", int, float)
PLACES = 20  # brackets in prose behind which JSON is looked for


class NotACompletionError(ValueError):
    """The body is not that of a chat completion."""


@dataclass(frozen=True)
class Completion:
    """What matters of a chat completion.

    Attributes:
        text: the message's content, of several text parts all of them; empty where there is none.
        refusal: the model's own words of refusal, None without.
        finish_reason: `stop`, `length`, `content_filter`, ... as the server says.
        model: the model as the server says.
        usage: (tokens sent, tokens answered); None where the server does not say. What it counts in total
            beyond both is thoughts, which are billed as answered.

    """

    text: str
    refusal: str | None
    finish_reason: str | None
    model: str | None
    usage: tuple[int, int] | None


def read_completion(raw: str) -> Completion:
    """Parse the body of a 200 answer.

    Raises:
        NotACompletionError: it is not JSON in UTF-8, has no first choice with a message, or the server says
            that it broke off.

    """
    if not _encodable(raw):
        raise NotACompletionError(f"not UTF-8: {raw[:SHOWN]!r}")
    try:
        body = strict_json(raw)
        choice = body["choices"][0]
        message = choice["message"]
        content, refusal = message.get("content"), message.get("refusal")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise NotACompletionError(
            f"not a chat completion ({type(error).__name__}): {raw[:SHOWN]!r}"
        ) from None
    finish_reason = _text(choice.get("finish_reason"))
    if finish_reason in BROKEN_OFF:
        raise NotACompletionError(f"the server broke off (finish_reason {finish_reason!r}): {raw[:SHOWN]!r}")
    return Completion(
        text=_content(content),
        refusal=None if not refusal else printable(str(refusal)),
        finish_reason=finish_reason,
        model=_text(body.get("model")),
        usage=_usage(body.get("usage")),
    )


def _content(value: Any) -> str:
    """The text of a message's content: a text, nothing, or a list of text parts (some servers' spelling)."""
    if value is None or isinstance(value, str):
        return value or ""
    parts = value if isinstance(value, list) and all(isinstance(part, dict) for part in value) else None
    texts = [part.get("text") for part in parts or () if part.get("type") not in THOUGHTS]
    if parts is None or not all(isinstance(text, str) for text in texts):
        raise NotACompletionError(f"the message's content is {value!r:.80}, expected text")
    return "".join(str(text) for text in texts)


def read_answer(request: ChatRequest, completion: Completion) -> Any:
    """The answer's data: JSON that meets the request's schema, or the text where none was asked for.

    JSON may stand in one Markdown fence that is the whole answer; prose around it is a fault, since what the
    model meant by it is a guess.

    Raises:
        Refusal: `refused`, `truncated`, `empty`, `not_text`, `not_json`, `prose_around_json` or `schema`.

    """
    if completion.refusal or completion.finish_reason == "content_filter":
        raise Refusal("refused", (completion.refusal or "content filter")[:SHOWN])
    if completion.finish_reason == "length":
        raise Refusal("truncated", f"cut at {request.max_tokens} tokens: {completion.text[-SHOWN:]!r}")
    text = completion.text.strip()
    if not text:
        raise Refusal("empty", "the answer has no text")
    if not _encodable(text):
        raise Refusal("not_text", f"lone surrogates: {text[:SHOWN]!r}")
    return text if request.schema is None else _structured(text, request.schema)


def strict_json(text: str) -> Any:
    """`json.loads`; ValueError for bad JSON, NaN, a key that stands twice and too deep nesting.

    So are numbers beyond `LARGEST`: Python would read `1e999` as infinity, and a whole number of 400 digits
    as one that no arithmetic with floats survives.
    """
    try:
        return _decoder().decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _structured(text: str, schema: Any) -> Any:
    fenced = FENCED.match(text)
    try:
        data = strict_json(fenced[1] if fenced else text)
        whole = _encodable(json.dumps(data, ensure_ascii=False))
    except (ValueError, RecursionError) as error:
        reason = "prose_around_json" if _holds_json(text) else "not_json"
        raise Refusal(reason, f"{error}: {text[:SHOWN]!r}") from None
    if not whole:
        raise Refusal("not_text", f"lone surrogates: {text[:SHOWN]!r}")
    found = best_match(Draft202012Validator(dict(schema)).iter_errors(data))
    if found is not None:
        raise Refusal("schema", f"{found.json_path}: {found.message[:SHOWN]}")
    return data


def _holds_json(text: str) -> bool:
    """Whether a whole JSON object or list stands in `text` with more around it: names the fault, no more."""
    decoder = _decoder()
    starts = [0] if text[0] in "{[" else [match.start() for match in re.finditer(r"[{\[]", text)][:PLACES]
    for start in starts:
        try:
            decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        return True
    return False


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_constant=_no_constant,
        parse_float=lambda digits: _number(float(digits)),
        parse_int=lambda digits: _number(int(digits)),
        object_pairs_hook=_no_duplicates,
    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _number(value: Number) -> Number:
    if abs(value) > LARGEST:
        raise ValueError("a number is too large")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def printable(text: str) -> str:
    """`text` with a question mark for each half of a surrogate pair: no file and no terminal takes one."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(value: Any) -> str | None:
    return printable(value) if isinstance(value, str) else None


def _usage(value: Any) -> tuple[int, int] | None:
    if not isinstance(value, dict):
        return None
    sent, answered = _count(value.get("prompt_tokens")), _count(value.get("completion_tokens"))
    if sent is None or answered is None:
        return None
    total = _count(value.get("total_tokens")) or 0
    return sent, max(answered, total - sent)


def _count(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if fits else None
