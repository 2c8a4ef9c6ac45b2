"""What versions there are: the tags say which commit and which stage, the store says what each one is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.hashing import fingerprint
from components.registry.settings import read_settings
from components.registry.store import Store, open_store
from components.registry.tags import Assignment, History, read_history

CANDIDATE, CHAMPION, ARCHIVED = STAGES = ("candidate", "champion", "archived")
NO_PACKAGE = "no package in the store"
NO_TAG = "no tag here (git fetch --tags)"


@dataclass(frozen=True)
class Version:
    """One registered version.

    Attributes:
        version: e.g. `v0.0.3`.
        commit: the commit whose dvc.lock made it.
        stage: `candidate`, `champion` or `archived`; None without a tag here or before its first stage.
        model: its folder below models/; None without a package.
        decision: the gate's `promote` or `refuse`, without a gate the verdict's `register` or `refuse`.
        registered_at: when its commit was made, UTC.
        note: what is missing of it here, empty if nothing is.

    """

    version: str
    commit: str
    stage: str | None
    model: str | None
    decision: str | None
    registered_at: str | None
    note: str = ""


def opened(root: Path) -> tuple[str, Store]:
    """The artifact's name and the store that the settings name."""
    settings = read_settings(root)
    return settings.name, open_store(settings.store)


def versions(root: Path = Path()) -> list[Version]:
    """Every version that a tag here or a manifest in the store tells of, in order."""
    name, store = opened(root)
    history, stored = read_history(root, name), store.versions()
    tagged = [describe(history, version, store.find(version)) for version in history.commits]
    untagged = [describe(history, v, store.manifest(v)) for v in stored if v not in history.commits]
    return tagged + untagged


def describe(history: History, version: str, manifest: dict[str, Any] | None) -> Version:
    """One version, from the tags and its manifest."""
    told: dict[str, Any] = manifest or {}
    commit = history.commits.get(version) or str(told["commit"])
    missing = NO_PACKAGE if manifest is None else "" if version in history.commits else NO_TAG
    if told and told["commit"] != commit:
        missing = f"the store's package is of commit {told['commit'][:12]}"
    return Version(
        version=version,
        commit=commit,
        stage=stage_of(history, version),
        model=told.get("model"),
        decision=told.get("decision"),
        registered_at=told.get("registered_at"),
        note=missing,
    )


def stage_of(history: History, version: str) -> str | None:
    """The stage of a version: its last assignment's, but a champion that another followed is archived."""
    own = [each.stage for each in history.assignments if each.version == version]
    if not own:
        return None
    return ARCHIVED if own[-1] == CHAMPION and serving(history) != version else own[-1]


def served(assignments: list[Assignment]) -> list[str]:
    """The versions that served one after the other, rollbacks taken as undone promotions; the last serves."""
    held: list[str] = []
    for each in assignments:
        if each.stage != CHAMPION:
            continue
        if each.is_rollback and each.version in held:
            while held[-1] != each.version:
                held.pop()
        elif not held or held[-1] != each.version:
            held.append(each.version)
    return held


def serving(history: History) -> str | None:
    """The version that serves now."""
    held = served(history.assignments)
    return held[-1] if held else None


def champion(root: Path = Path()) -> Version | None:
    """The version that serves, None before the first promotion."""
    name, store = opened(root)
    history = read_history(root, name)
    version = serving(history)
    return None if version is None else describe(history, version, store.find(version))


def find(root: Path, wanted: str) -> Version:
    """A version by its name, or the one that serves by the word `champion`; DataError if there is none."""
    name, store = opened(root)
    history = read_history(root, name)
    version = serving(history) if wanted == CHAMPION else wanted
    if version is None:
        raise DataError("no version serves yet: `streamo promote VERSION champion`")
    manifest = store.find(version)
    if version not in history.commits and manifest is None:
        known = ", ".join(list(history.commits)[-5:]) or "none"
        raise DataError(f"no version {version}; the last ones are: {known} (`streamo versions`)")
    return describe(history, version, manifest)


def check_stored(store: Store, history: History, version: str) -> dict[str, Any]:
    """Hash every byte of a version in the store; returns its manifest.

    Raises:
        DataError: there is no package, its manifest is not the one that was tagged, or an object is damaged.

    """
    manifest = store.manifest(version)
    commit, told = history.commits.get(version), history.manifests.get(version)
    if commit is not None and manifest["commit"] != commit:
        raise DataError(
            f"{store.url}: the package of {version} is of commit {manifest['commit'][:12]}, its tag is on "
            f"{commit[:12]}: another clone published that number; see components/registry/README.md"
        )
    if told is not None and fingerprint(manifest) != told:
        raise DataError(
            f"{store.url}: the manifest of {version} is not the one that was tagged: it was edited; restore "
            f"versions/{version}.json from another copy of the store"
        )
    if faults := store.verify(version):
        raise DataError(f"{version} does not verify in the store: {'; '.join(faults)}")
    return manifest
