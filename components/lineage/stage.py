"""The frame of every DVC stage: dies with its parent, works in scratch, publishes whole, leaves receipts."""

import contextlib
import os
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core import params
from components.core.errors import InternalError
from components.core.files import new_dir, write_json
from components.core.hashing import fingerprint, sha256_tree
from components.core.process import FIXED_ENV, die_with_parent, fix_environment
from components.lineage.identity import build_identity
from components.lineage.runs import RunRecord

IDENTITY_FILE = "identity.json"
SCRATCH = Path(".scratch/stages")
RESUMABLE = Path(".scratch/resume")


@dataclass
class Stage:
    """What a stage body works with: `dir` (scratch, becomes `out`), the run record, and params."""

    name: str
    out: Path
    dir: Path
    seed: int
    record: RunRecord
    item: Mapping[str, object] = field(default_factory=dict)
    kept: Path | None = None

    def param(self, key: str) -> Any:
        """A declared value of params.yaml by dotted key."""
        return params.get(key)

    def resumable(self, *, ignore: Collection[str] = ()) -> Path:
        """A private folder that outlives a kill: the next run of the same stage finds what this one left.

        It is keyed by inputs, params, code and libraries, so that nothing is resumed into another product;
        params in `ignore` do not count (they change how a result is computed, not which). It is removed once
        the product is published. Folders of other keys are told, not removed: they may be days of work.
        """
        identity = build_identity(self.name.partition("@")[0], self.item, self.seed)
        identity["params"] = {key: value for key, value in identity["params"].items() if key not in ignore}
        above = RESUMABLE / self.name
        self.kept = above / fingerprint(identity)[:16]
        self.kept.mkdir(parents=True, exist_ok=True)
        self.kept.chmod(0o700)
        others = sorted(path for path in above.iterdir() if path != self.kept)
        if others:
            print(
                f"{self.name}: {above} also holds work of {len(others)} other version(s) of inputs, params or"
                " code; remove it once it is not needed",
                file=sys.stderr,
            )
        return self.kept


def enter() -> None:
    """First call of every stage's `__main__`, before heavy imports: parent-death signal and fixed kernels.

    Replaces the process image once where PYTHONHASHSEED was not set at start (the same process id, so the
    parent-death signal and DVC's wait hold on): the order of sets of strings could reach a product.
    """
    die_with_parent()
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    is_stage = spec is not None and spec.name.startswith("components.")
    rerun = is_stage and os.environ.get("PYTHONHASHSEED") != FIXED_ENV["PYTHONHASHSEED"]
    fix_environment()
    if rerun:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - a shell would be in the way


@contextlib.contextmanager
def stage(name: str, out: str | Path, *, item: Mapping[str, object] | None = None) -> Iterator[Stage]:
    """Run one stage body and publish its folder `out` with `identity.json` inside.

    Args:
        name: the stage's name in dvc.yaml, without `@...`.
        out: the product folder, relative to the root of the checkout.
        item: the matrix item in the order of dvc.yaml's matrix, e.g. `{"loss": "focal", "seed": 0}`.

    The seed is params `seed`, which every stage declares. A body that raises publishes nothing and leaves a
    run record with status `failed`.

    """
    item = dict(item or {})
    address = f"{name}@{'-'.join(str(value) for value in item.values())}" if item else name
    with declared_as(address):
        yield from frame(name, address, Path(out), item)


@contextlib.contextmanager
def declared_as(address: str) -> Iterator[None]:
    """Hold DVC_STAGE at `address`, so that the declared-key check of params also holds outside DVC."""
    given = os.environ.get("DVC_STAGE")
    if given not in (None, address):
        raise InternalError(f"DVC runs stage {given!r}, but its command opened stage {address!r}")
    os.environ["DVC_STAGE"] = address
    try:
        yield
    finally:
        if given is None:
            del os.environ["DVC_STAGE"]


def clear_leftovers(folder: Path) -> None:
    """Remove what a killed run of the same stage left; DVC's path locks keep live runs apart."""
    shutil.rmtree(folder, ignore_errors=True)


def frame(name: str, address: str, out: Path, item: dict[str, object]) -> Iterator[Stage]:
    """The body of `stage`: scratch folder, publication, receipts."""
    seed = int(params.get("seed"))
    record = RunRecord(address)
    digest: str | None = None
    # Not beside `out`: a later stage may hash the parent folder, with what a killed run left in it.
    scratch_root = SCRATCH / address
    clear_leftovers(scratch_root)
    try:
        with new_dir(out, scratch_root=scratch_root) as scratch:
            body = Stage(address, out, scratch, seed, record, item)
            yield body
            identity = build_identity(name, item, seed)
            digest = fingerprint(identity)
            write_json(scratch / IDENTITY_FILE, identity)
    except BaseException:
        record.write(status="failed", identity=None, outputs={})
        raise
    clear_leftovers(scratch_root)
    if body.kept is not None:
        clear_leftovers(body.kept)
    record.write(status="completed", identity=digest, outputs=sha256_tree(out))
