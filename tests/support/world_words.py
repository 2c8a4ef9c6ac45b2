"""What a text model makes of lists of the world's words: it is shown no frame and knows no scene."""

from collections.abc import Callable
from typing import Any

from components.core.seeds import derive
from components.world.words import ITEMS

Data = dict[str, Any]
QUERIES = {  # in the order they are asked
    ("the lamp", "attribute"): "the lamp colour",
    ("the actor", "position"): "the actor place",
    ("the sign", "attribute"): "the sign letter",
    ("the actor", "count"): "the jump count",
}


def clean(told: Data) -> Data:
    """Every line for itself; the same words twice in a row say so, since a repeat is none here."""
    lines: list[Data] = []
    for line in told["lines"]:
        again = bool(lines) and lines[-1]["text"] == line["text"]
        text = f"{line['text']} again" if again else line["text"]
        lines.append({"first": line["number"], "last": line["number"], "text": text})
    return {"lines": lines}


def rewrite(told: Data) -> Data:
    """The captions as they are, in groups; absent are objects that no caption names."""
    events = [{"number": event["number"], "keep": True, **_kind(event["text"])} for event in told["events"]]
    texts = [event["text"] for event in events]
    rest = [item for item in ITEMS if f"{item} dropped" not in texts]
    first = derive(0, *texts) % len(rest)
    drops = any(event["group"] == "drop" for event in events)
    absent = [f"{rest[(first + step) % len(rest)]} drop" for step in (0, 1)] if drops else []
    return {"events": events, "absent": absent}


def _kind(text: str) -> Data:
    if text.endswith(" dropped"):
        return {"text": text, "group": "drop", "name": text.removesuffix("ped")}
    group = "amber light" if text.startswith("amber") else "jump" if text.endswith(" jumped") else "oddity"
    return {"text": text, "group": group, "name": ""}


def question(told: Data) -> Data:
    """One question for everything that takes two values or more: the first one, then each change."""
    questions = []
    for (subject, aspect), query in QUERIES.items():
        changes = [one for one in told["changes"] if (one["subject"], one["aspect"]) == (subject, aspect)]
        count = aspect == "count"
        if len(changes) < (2 if count else 1):
            continue
        questions.append(
            {
                "kind": "count" if count else "state",
                "query": query,
                "first": "" if count else changes[0]["before"],
                "answers": [{"change": one["number"], "text": one["after"]} for one in changes],
            }
        )
    return {"questions": questions}


TEXT_STEPS: dict[str, Callable[[Data], Data]] = {
    "narration.clean": clean,
    "event_caption.rewrite": rewrite,
    "action_caption.rewrite": rewrite,
    "tsqa.question": question,
}
