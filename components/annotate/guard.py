"""Keeps what cannot be used out of the labels: malformed teacher answers and unusable raw labels."""

from collections.abc import Mapping
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
}


def violation(value: Any, schema: Mapping[str, Any], where: str = "answer") -> str | None:
    """The first place where `value` does not meet `schema`, in words; None if it does.

    Knows type, properties, required, additionalProperties: false, items, enum, minLength and minimum: what
    the schemas of this room use, so that no schema library is needed.
    """
    kind: str = schema["type"]
    if not _is(value, kind):
        return f"{where}: expected {kind}, found {value!r:.60}"
    if kind == "object":
        return _object(value, schema, where)
    if kind == "array":
        found = (violation(item, schema["items"], f"{where}[{index}]") for index, item in enumerate(value))
        return next((text for text in found if text), None)
    return _scalar(value, schema, where)


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and not isinstance(value, bool)


def _object(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> str | None:
    properties = schema["properties"]
    missing = [key for key in schema["required"] if key not in value]
    unknown = [key for key in value if key not in properties]
    if missing or unknown:
        return f"{where}: missing keys {missing}, unknown keys {unknown}"
    found = (violation(item, properties[key], f"{where}.{key}") for key, item in value.items())
    return next((text for text in found if text), None)


def _scalar(value: Any, schema: Mapping[str, Any], where: str) -> str | None:
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r:.60} is not one of {schema['enum']}"
    if isinstance(value, str) and len(value.strip()) < schema.get("minLength", 0):
        return f"{where}: empty text"
    if not isinstance(value, str) and not schema.get("minimum", float("-inf")) <= value < float("inf"):
        return f"{where}: {value!r:.60} is below {schema.get('minimum')} or not finite"
    return None
