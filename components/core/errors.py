"""The three ways a command can fail, each with the exit code users script against (docs/architecture.md)."""

import sys
from collections.abc import Callable


class StreamoError(Exception):
    """Base of every failure this project raises on purpose; `exit_code` is what the command returns."""

    exit_code = 3


class DataError(StreamoError):
    """The data or the gate says no (exit 1): name the file or row, what was expected and what to do."""

    exit_code = 1


class UsageError(StreamoError):
    """Wrong use of a command or a parameter (exit 2): one line, naming the flag or key."""

    exit_code = 2


class InternalError(StreamoError):
    """Something that should not happen (exit 3): a missing library, a broken engine, a failed child."""

    exit_code = 3


class StoreError(InternalError):
    """A store or share did not do its part (exit 3): never to be read as a verdict on a model or on data."""


def exit_code(name: str, body: Callable[[], object]) -> int:
    """Run `body`, the work of the entry `name`; a StreamoError becomes one line and its exit code."""
    try:
        body()
    except StreamoError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return error.exit_code
    return 0
