"""Which version serves: stages are given by one tag each, so every change is whole or not made at all.

A version has ONE stage, that of its last assignment. A champion that another one followed counts as archived:
no second tag is needed that a kill could leave out.
"""

from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.hashing import sha256_bytes, sha256_file
from components.registry.catalog import (
    CHAMPION,
    STAGES,
    Version,
    check_stored,
    describe,
    find,
    opened,
    served,
    serving,
    stage_of,
)
from components.registry.package import GATE, VERDICT, check_gate, parse_gate, read_gate
from components.registry.store import Store
from components.registry.tags import (
    ACTION_TRAILER,
    ROLLBACK,
    History,
    read_history,
    registry_lock,
    tag_stage,
)


def assign(root: Path, version: str, stage: str, why: str) -> Version:
    """Give a version a stage without asking the gate; nothing happens where it has it already.

    Raises:
        UsageError: no such stage.
        DataError: no such version, its package does not verify (for `champion`), or it serves now.

    """
    check_stage(stage)
    name, store = opened(root)
    with registry_lock(root, f"streamo promote {version} {stage}"):
        history = known(read_history(root, name), version)
        return give(root, store, history, version, stage, why)


def promote(
    root: Path, version: str, stage: str, *, force: str | None = None, gate: Path | None = None
) -> Version:
    """Give a version a stage; `champion` only with the gate's consent against the present champion.

    Args:
        root: the checkout.
        version: e.g. `v0.0.3`.
        stage: `candidate`, `champion` or `archived`.
        force: why the gate's consent is not needed; written into the tag.
        gate: a later result of `streamo gate --out`, judged instead of the package's.

    Raises:
        DataError: see `assign`; or the gate refuses, is missing, or was against another champion.

    """
    check_stage(stage)
    name, store = opened(root)
    with registry_lock(root, f"streamo promote {version} {stage}"):
        history = known(read_history(root, name), version)
        if stage != CHAMPION or stage_of(history, version) == CHAMPION:
            return give(root, store, history, version, stage, "asked for")
        now = serving(history)
        why = f"forced: {force}" if force is not None else consent(store, version, now, gate)
        return give(root, store, history, version, stage, why)


def rollback(root: Path, stage: str = CHAMPION, *, into: Path | None = None) -> Version:
    """The version that served before the present one serves again, once every byte of it was hashed.

    A rollback undoes a promotion: a second one walks further back, it does not swing between two versions.
    The package is fetched to the folder `into`, if one is given.

    Raises:
        UsageError: a stage that several versions have at once.
        DataError: nothing to go back to, or the package does not verify.

    """
    check_stage(stage)
    if stage != CHAMPION:
        raise UsageError(
            f"rollback {stage}: many versions are {stage} at once; only champion has a former one"
        )
    name, store = opened(root)
    with registry_lock(root, "streamo rollback"):
        history = read_history(root, name)
        held = served(history.assignments)
        if len(held) < 2:
            now = f"{held[0]} is the first that serves" if held else "no version serves"
            raise DataError(f"nothing to roll back to: {now} (`streamo versions`)")
        if into is not None:
            store.fetch(held[-2], into)
        why = f"back from {held[-1]}"
        return give(root, store, history, held[-2], stage, why, action=ROLLBACK)


def give(
    root: Path, store: Store, history: History, version: str, stage: str, why: str, action: str = "promote"
) -> Version:
    """Write the assignment, inside the lock."""
    name = opened(root)[0]
    if stage_of(history, version) == stage:
        return find(root, version)
    if serving(history) == version:
        raise DataError(
            f"{version} serves now: promote another version to {CHAMPION} or `streamo rollback {CHAMPION}`, "
            "and it is archived"
        )
    manifest = check_stored(store, history, version) if stage == CHAMPION else store.find(version)
    after = max((each.time for each in history.assignments if each.stage == stage), default=0)
    message = f"{name} {version}: {stage}\n\n{' '.join(why.split())}\n\n{ACTION_TRAILER}: {action}\n"
    tag_stage(root, name, version, stage, message, after)
    return describe(read_history(root, name), version, manifest)


def consent(store: Store, version: str, champion: str | None, gate: Path | None) -> str:
    """Why a version may serve, in words for its tag; DataError says why not and what to do."""
    manifest = store.manifest(version)
    found, sha256 = gate_of(store, manifest, gate)
    if found is not None:
        verdict = manifest["files"][f"product/{VERDICT}"]["sha256"]
        check_gate(found, verdict, str(gate or f"{version}/{GATE}"))
    reason = refusal(manifest, found, champion)
    if reason is not None:
        raise DataError(
            f"{version} does not become {CHAMPION}: {reason}; `streamo gate --out FILE` in a checkout of "
            f"{manifest['commit'][:12]}, then `streamo promote {version} {CHAMPION} --gate FILE`, or with "
            "--force WHY"
        )
    if found is None:
        return "the first champion; its own verdict is good"
    return f"the gate promotes it against {found['champion'] or 'no champion'}, gate.json {sha256}"


def gate_of(store: Store, manifest: dict[str, Any], gate: Path | None) -> tuple[dict[str, Any] | None, str]:
    """The gate's result that counts, with its SHA-256: the given one, else the package's, else none."""
    if gate is not None:
        return read_gate(gate), sha256_file(gate)
    if GATE not in manifest["files"]:
        return None, ""
    data = store.get(manifest["version"], GATE)
    return parse_gate(data, f"{manifest['version']}/{GATE}"), sha256_bytes(data)


def refusal(manifest: dict[str, Any], gate: dict[str, Any] | None, champion: str | None) -> str | None:
    """Why the gate's result, or its absence, forbids a promotion; None if it does not."""
    if gate is None:
        if champion is not None:
            return f"it was never compared with {champion}, which serves now"
        return (
            None if manifest["decision"] != "refuse" else "its own verdict refuses it (verdict.json says why)"
        )
    if gate["champion"] != champion:
        compared = gate["champion"] or "no champion"
        return f"its gate compared it with {compared}, but {champion or 'none'} serves now"
    return None if gate["decision"] == "promote" else "the gate refuses it"


def known(history: History, version: str) -> History:
    """The history, if it has the version; DataError if not."""
    if version not in history.commits:
        have = ", ".join(list(history.commits)[-5:]) or "none"
        raise DataError(
            f"no version {version} has a tag here ({have}); `git fetch --tags`, `streamo versions`"
        )
    return history


def check_stage(stage: str) -> None:
    """UsageError for an unknown stage."""
    if stage not in STAGES:
        raise UsageError(f"{stage!r} is not a stage; they are {', '.join(STAGES)}")
