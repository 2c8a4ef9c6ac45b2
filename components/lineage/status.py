"""What DVC would do and why, in words; reads only."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.lineage.graph import Graph, address_of

VERBS = {"deleted": "is missing", "modified": "changed", "new": "is new", "added": "is new"}


def read_status(root: Path = Path()) -> dict[str, list[str]]:
    """`{address: reasons}` of every stage that DVC does not find up to date; a stage not listed is unchanged.

    What lies downstream of a listed stage is listed only if it differs too: ask `Graph.downstream` for what
    must be looked at again once the listed stages have run.

    Raises:
        DataError: another DVC command holds the repository, or its files cannot be read.

    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            raw: dict[str, list[Any]] = repo.status()
            stages = repo.index.stages
            addresses = {stage.addressing: address_of(stage, Path(repo.root_dir)) for stage in stages}
            never_ran = {stage.addressing for stage in stages if stage.cmd and not _locked(stage)}
    except DvcException as error:
        raise DataError(f"DVC cannot say what is up to date: {error}") from error
    fresh = ["never run: no entry in dvc.lock"]
    return {
        addresses[name]: fresh if name in never_ran else reasons(changes) for name, changes in raw.items()
    }


def to_look_at(graph: Graph, changed: Collection[str]) -> set[str]:
    """The stages of `changed` and all that follows them, which may get other inputs.

    A pinned source is only compared with its pin: as long as it equals it, nothing below it is concerned, and
    where it does not, nothing may run.
    """
    sources = {address for address in changed if graph[address].is_source}
    return graph.downstream(set(changed) - sources) | sources


def _locked(stage: Any) -> bool:
    """Whether dvc.lock holds an entry of the stage (its outputs then have hashes)."""
    return bool(stage.outs) and all(out.hash_info for out in stage.outs)


def reasons(changes: list[Any]) -> list[str]:
    """DVC's list of changes of one stage as sentences, e.g. `components/train changed`."""
    found: list[str] = []
    for change in changes:
        if isinstance(change, str):
            found.append("its command changed" if change == "changed command" else change)
            continue
        for kind, entries in change.items():
            role = "product " if kind == "changed outs" else ""
            for path, state in entries.items():
                found.extend(_entry(role, path, state))
    return found


def _entry(role: str, path: str, state: Any) -> list[str]:
    if isinstance(state, dict):  # parameters: {key: state}
        return [f"parameter {key} {VERBS.get(verb, verb)}" for key, verb in state.items()]
    return [f"{role}{path} {VERBS.get(str(state), str(state))}"]
