"""Families by the `model_type` of a config.json."""

from components.core.errors import DataError
from components.model.families.family import Family
from components.model.families.internvl import InternVL
from components.model.families.qwen2_5_vl import Qwen25VL
from components.model.families.qwen3_vl import Qwen3VL

_ALL: tuple[Family, ...] = (Qwen25VL(), Qwen3VL(), InternVL())
FAMILIES: tuple[str, ...] = tuple(family.name for family in _ALL)


def find_family(model_type: object, where: str = "config.json") -> Family:
    """The family of a `model_type`; a DataError that begins with `where` names those that are known."""
    for family in _ALL:
        if family.name == model_type:
            return family
    raise DataError(f"{where}: model_type {model_type!r}, expected one of {', '.join(FAMILIES)}")
