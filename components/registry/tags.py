"""Versions and stages as annotated git tags that GTO names and writes.

GTO takes semantic versions only (`v3` is refused), so they are v0.0.1, v0.0.2, ... Assignments are ordered by
the number at the end of their name: tag times have whole seconds only.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.git import common_dir, git
from components.core.lock import checkout_lock

MANIFEST_TRAILER = "Streamo-Manifest"  # SHA-256 of the version's manifest, canonical JSON
ACTION_TRAILER = "Streamo-Action"
ROLLBACK = "rollback"
FORMAT = "%00".join(
    ("%(refname:strip=2)", "%(objecttype)", "%(*objectname)", "%(taggerdate:unix)", "%(contents)")
)
RECORD = "\x1e"
WAIT_S = 600.0


@dataclass(frozen=True)
class Assignment:
    """One version was given one stage."""

    number: int  # GTO's counter: the order of all assignments
    stage: str
    version: str
    time: int  # of the tag, Unix seconds
    message: str

    @property
    def is_rollback(self) -> bool:
        """Whether it gave the stage back rather than on."""
        return trailer(self.message, ACTION_TRAILER) == ROLLBACK


@dataclass(frozen=True)
class History:
    """Every version and assignment that the tags of a repository tell of.

    Attributes:
        commits: version -> commit, in order of version.
        manifests: version -> SHA-256 of its manifest as its tag has it, where it does.
        assignments: in the order they were made.

    """

    commits: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, str] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)

    def at(self, commit: str) -> str | None:
        """The version on a commit."""
        return next((version for version, found in self.commits.items() if found == commit), None)


def read_history(root: Path, name: str) -> History:
    """What the tags of artifact `name` say.

    Raises:
        DataError: a tag that this registry does not write, or one that tells of a commit without version.

    """
    from gto.constants import Action
    from gto.tag import parse_name

    history, assigned = History(), []
    for tag, commit, when, message in read_tags(root, name):
        parsed: dict[str, Any] = parse_name(tag, raise_on_fail=False)
        if not parsed or parsed["name"] != name:
            continue
        if parsed["action"] is Action.REGISTER:
            if (other := history.at(commit)) is not None:
                raise DataError(
                    f"tags {name}@{other} and {tag} are on one commit; delete one: `git tag -d {tag}`"
                )
            history.commits[parsed["version"]] = commit
            if sha256 := trailer(message, MANIFEST_TRAILER):
                history.manifests[parsed["version"]] = sha256
        elif parsed["action"] is Action.ASSIGN and "counter" in parsed:
            assigned.append((parsed["counter"], when, tag, parsed["stage"], commit, message))
        else:
            raise DataError(
                f"tag {tag}: this registry neither unassigns nor deregisters (another stage or a rollback "
                f"takes its place); delete it: `git tag -d '{tag}'`"
            )
    for counter, when, tag, stage, commit, message in sorted(assigned):
        version = history.at(commit)
        if version is None:
            raise DataError(f"tag {tag} is on commit {commit[:12]}, which has no version: `git fetch --tags`")
        history.assignments.append(Assignment(counter, stage, version, when, message))
    ordered = dict(sorted(history.commits.items(), key=lambda item: number_of(item[0])))
    return History(ordered, history.manifests, history.assignments)


def read_tags(root: Path, name: str) -> Iterator[tuple[str, str, int, str]]:
    """`(tag, commit, Unix seconds, message)` of every tag of an artifact."""
    patterns = [f"refs/tags/{name}{mark}*" for mark in "@#"]
    raw = git(root, "for-each-ref", f"--format={FORMAT}%1e", *patterns)
    for record in filter(None, (part.lstrip("\n") for part in raw.split(RECORD))):
        tag, kind, commit, when, message = record.split("\0", 4)
        if kind != "tag":
            raise DataError(
                f"tag {tag}: not annotated, so not of this registry; delete it: `git tag -d '{tag}'`"
            )
        yield tag, commit, int(when), message


def trailer(message: str, key: str) -> str | None:
    """The value of a `Key: value` line of a tag's message."""
    found = re.findall(rf"^{key}: (.+)$", message, flags=re.MULTILINE)
    return str(found[-1]).strip() if found else None


def number_of(version: str) -> tuple[int, ...]:
    """The order of versions: `v0.0.10` comes after `v0.0.9`."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


@contextmanager
def registry_lock(root: Path, purpose: str) -> Iterator[None]:
    """One process at a time changes the registry of a repository, all its worktrees together."""
    folder = common_dir(root) / "streamo-registry"
    folder.mkdir(exist_ok=True)
    with checkout_lock(folder, purpose, wait_s=WAIT_S):
        yield


def identity(root: Path) -> tuple[str, str]:
    """Name and e-mail that git would put on a tag; UsageError where neither config nor environment tells."""
    try:
        shown = git(root, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    except DataError:
        raise UsageError(
            "git has no identity to put on tags: `git config user.name NAME`, `git config user.email ADDRESS`"
        ) from None
    name, _, rest = shown.partition(" <")
    return name, rest.partition(">")[0]


def tag_version(root: Path, name: str, version: str, commit: str, message: str) -> None:
    """Create `name@version` on a commit; DataError if GTO refuses."""
    author, email = identity(root)
    with gto(root) as registry:
        who = {"author": author, "author_email": email}
        registry.register(name, commit, version=version, message=message, simple=True, **who)


def tag_stage(root: Path, name: str, version: str, stage: str, message: str, after: int) -> None:
    """Give a version a stage by a new tag.

    `after` is the Unix second of the stage's last assignment: GTO's own tools order by whole seconds, so this
    waits until the second has passed.
    """
    author, email = identity(root)
    time.sleep(min(max(after + 1 - time.time(), 0.0), 1.0))  # at most 1 s: `after` may lie in the future
    with gto(root) as registry:
        who = {"author": author, "author_email": email}
        registry.assign(name, stage, version=version, message=message, simple=False, force=True, **who)


@contextmanager
def gto(root: Path) -> Iterator[Any]:
    """GTO's registry on the repository; what it refuses becomes a DataError."""
    from gto.exceptions import GTOException
    from gto.registry import GitRegistry
    from scmrepo.exceptions import SCMError

    try:
        with GitRegistry.from_url(str(root)) as registry:
            yield registry
    except (GTOException, SCMError) as error:
        raise DataError(f"GTO cannot tag in {root}: {error}") from error
    except OSError as error:  # git's library: a reference it may not write, or one that is locked
        raise DataError(
            f"cannot tag in {root}: {error}; where no git runs, a killed one left the .lock file: delete it"
        ) from error
