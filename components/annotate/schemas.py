"""What a teacher must answer for each task, as JSON schemas (the subset that `guard.violation` checks)."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
WORD: Schema = {"type": "string"}
TIME: Schema = {"type": "number", "minimum": 0}
# What only the engine's steps use: their answers are checked by components/annotate/engine, not by the guard.
REAL: Schema = {"type": "number"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
WHOLE_OR_NONE: Schema = {"type": ["integer", "null"]}


def listing(item: Schema) -> Schema:
    """A list of `item`."""
    return {"type": "array", "items": item}


def record(**properties: Schema) -> Schema:
    """An object with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def one_of(*values: str) -> Schema:
    """One of some words."""
    return {"type": "string", "enum": list(values)}


SPAN = record(start=TIME, end=TIME, text=TEXT)
EVENT = record(start=TIME, end=TIME, text=TEXT, group=TEXT, name=WORD)
ASK = record(topic=TEXT, question=TEXT, answer=TEXT)
EVENTS = record(events=listing(EVENT), absent=listing(TEXT))

SCHEMAS: dict[str, Schema] = {
    "narration": record(lines=listing(record(time=TIME, text=TEXT))),
    "event_caption": EVENTS,
    "action_caption": EVENTS,
    "tsqa": record(
        series=listing(
            record(kind={"type": "string", "enum": ["state", "count"]}, query=TEXT, values=listing(SPAN))
        )
    ),
    "offline_qa": record(
        asks=listing(record(time=TIME, topic=TEXT, question=TEXT, answer=TEXT)),
        whole=listing(ASK),
        reveals=listing(record(query=TEXT, time=TIME, text=TEXT)),
    ),
    "base_qa": record(
        frames=listing(record(time=TIME, caption=TEXT, asks=listing(ASK))),
        asks=listing(record(time=TIME, topic=TEXT, question=TEXT, answer=TEXT)),
        whole=listing(ASK),
    ),
}
