"""The registry as other rooms and the commands use it (docs/architecture.md)."""

from components.registry.catalog import (
    ARCHIVED,
    CANDIDATE,
    CHAMPION,
    STAGES,
    Version,
    champion,
    find,
    versions,
)
from components.registry.registration import register
from components.registry.stages import assign, promote, rollback

__all__ = [
    "ARCHIVED",
    "CANDIDATE",
    "CHAMPION",
    "STAGES",
    "Version",
    "assign",
    "champion",
    "find",
    "promote",
    "register",
    "rollback",
    "versions",
]
