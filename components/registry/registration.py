"""The checked-out commit's candidate becomes a version: first the package, then the tag, then a stage.

Every step looks at what is there already, so a run after a kill completes what is missing, and a second run
does nothing. The store decides who has a number: it creates a manifest only if absent.
"""

import sys
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.git import head
from components.core.hashing import fingerprint, sha256_file
from components.registry.candidate import check_clean, check_receipts
from components.registry.catalog import CANDIDATE, Version, describe, opened, stage_of
from components.registry.package import GATE, build_package, clear_scratch, read_gate
from components.registry.store import Store
from components.registry.tags import (
    ACTION_TRAILER,
    MANIFEST_TRAILER,
    History,
    identity,
    number_of,
    read_history,
    registry_lock,
    tag_stage,
    tag_version,
)


def register(root: Path = Path(), *, gate: Path | None = None) -> Version:
    """Make HEAD's candidate a version, or return the one it is; its first stage is `candidate`.

    Args:
        root: the checkout; its tree must be clean and its register product what dvc.lock pins.
        gate: the file of `streamo gate --out`, kept in the package.

    Raises:
        DataError: the tree is dirty, the product differs, or the number belongs to another commit.
        UsageError: git has no identity.

    """
    identity(root)
    read_gate(gate)
    name, store = opened(root)
    with registry_lock(root, "streamo register"):
        check_clean(root)
        commit = head(root)
        check_receipts(root, commit)
        try:
            manifest = published(root, store, read_history(root, name), commit, gate)
        finally:
            clear_scratch(root, commit)
        version = str(manifest["version"])
        if read_history(root, name).at(commit) is None:
            tag_version(root, name, version, commit, version_message(manifest))
        if stage_of(read_history(root, name), version) is None:
            message = f"{name} {version}: {CANDIDATE}\n\n{ACTION_TRAILER}: register\n"
            tag_stage(root, name, version, CANDIDATE, message, after=0)
        return describe(read_history(root, name), version, manifest)


def published(root: Path, store: Store, history: History, commit: str, gate: Path | None) -> dict[str, Any]:
    """The manifest of this commit's version in the store; publishes it where there is none."""
    tagged, standing = history.at(commit), stored_at(store, commit)
    if standing is not None:
        if tagged not in (None, standing["version"]):
            raise DataError(
                f"commit {commit[:12]} is tagged {tagged} here, but {store.url} has it as "
                f"{standing['version']} (another clone was first); delete the tags of {tagged} "
                "(`git tag -d`) and register again"
            )
        say_if_other_gate(standing, gate)
        return standing
    if tagged is not None:
        return publish_again(root, store, tagged, commit, gate)
    while True:
        version = next_version(history, store)
        manifest, files = build_package(root, version, gate=gate)
        try:
            return store.publish(manifest, files)
        except DataError:
            if store.find(version) is None:
                raise
            # Another clone published this number in between: the same commit's version, or take the next one.
            if (theirs := stored_at(store, commit)) is not None:
                return theirs


def publish_again(root: Path, store: Store, version: str, commit: str, gate: Path | None) -> dict[str, Any]:
    """Mend a version that has its tag and no package: published first, it can only have been lost since."""
    other = store.find(version)
    if other is not None:
        raise DataError(
            f"{version} is commit {commit[:12]} here, but commit {other['commit'][:12]} in {store.url} "
            f"(another clone published it): delete the tags of {version} (`git tag -d`) and register again"
        )
    say(f"{version} has a tag, but {store.url} has no package of it: publishing it again")
    manifest, files = build_package(root, version, gate=gate)
    return store.publish(manifest, files)


def stored_at(store: Store, commit: str) -> dict[str, Any] | None:
    """The manifest of the version that was made of a commit, None if the store has none."""
    found = (store.manifest(version) for version in reversed(store.versions()))
    return next((manifest for manifest in found if manifest["commit"] == commit), None)


def next_version(history: History, store: Store) -> str:
    """One more than the highest number that a tag here or the store has."""
    taken = [number_of(version)[-1] for version in [*history.commits, *store.versions()]]
    return f"v0.0.{max(taken, default=0) + 1}"


def say_if_other_gate(standing: dict[str, Any], gate: Path | None) -> None:
    """A version never changes: a gate's result that comes later is said to be left out."""
    if gate is not None and standing["files"].get(GATE, {}).get("sha256") != sha256_file(gate):
        version = standing["version"]
        say(
            f"{version} was registered before and never changes: {gate} is not part of it; "
            f"`streamo promote {version} champion --gate {gate}` judges by it"
        )


def version_message(manifest: dict[str, Any]) -> str:
    """What the tag of a version says."""
    title = f"{manifest['name']} {manifest['version']}: {manifest['model']}, {manifest['decision']}"
    return f"{title}\n\n{MANIFEST_TRAILER}: {fingerprint(manifest)}\n"


def say(line: str) -> None:
    """One line on stderr."""
    print(f"register: {line}", file=sys.stderr, flush=True)
