"""The folder of checkpoints of one run: whole by rename, a receipt last, nothing read that is not verified.

    step-0000100/           what DeepSpeed and the loop wrote (DeepSpeed's files are pickles)
    models/step-80/         models of `train.checkpoints`, part of the product
    receipts/step-0000100.json   written last: without it a checkpoint does not exist

DeepSpeed unpickles what it reads, and a pickle runs code. So the folder is private to this user, and a file
is opened only after its SHA-256 has been found equal to the receipt's, and only if the receipt names it.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.core.hashing import sha256_file

STEP = "step-{:07d}"


@dataclass(frozen=True)
class Saved:
    """A verified checkpoint: its step, how many ranks wrote it, at which ZeRO stage, and where it lies."""

    step: int
    ranks: int
    zero_stage: int
    folder: Path


class Shelf:
    """Checkpoints under `root`; at most `keep` of them stay. `about` goes into every receipt."""

    def __init__(self, root: Path, keep: int, about: dict[str, Any]):
        self.root, self.keep, self.about = root, keep, about
        self.models = root / "models"
        self.receipts = root / "receipts"

    def new(self, step: int) -> Path:
        """An empty folder to write the checkpoint of `step` into; `finish` gives it its name."""
        folder = self.unfinished(step)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def unfinished(self, step: int) -> Path:
        """Where the checkpoint of `step` is written before it has its name."""
        return self.root / f".new-{STEP.format(step)}"

    def finish(self, step: int, ranks: int, zero_stage: int) -> None:
        """Flush and hash the new checkpoint, name it, write its receipt, then let the oldest ones go."""
        final = self.root / STEP.format(step)
        self.unfinished(step).replace(final)
        files = hash_files([final, self.models], self.root)
        receipt = {"schema": 1, "step": step, "ranks": ranks, "zero_stage": zero_stage, "files": files}
        write_json(self.receipts / f"{STEP.format(step)}.json", {**receipt, "about": self.about})
        for old in self._receipts()[: -self.keep]:
            old.unlink()
            shutil.rmtree(self.root / old.stem)

    def newest(self) -> Saved | None:
        """The newest checkpoint, every byte verified; None where there is none.

        What a killed run left unfinished (no receipt) is removed: it never was a checkpoint.

        Raises:
            DataError: the newest one is not what its receipt says. An older one is never taken in its place
                without being asked to: the message says how.

        """
        if self.root.stat().st_uid != os.geteuid():
            raise DataError(f"{self.root}: belongs to another user; checkpoints are pickles, remove it first")
        receipts = self._receipts()
        self._clear({path.stem for path in receipts})
        if not receipts:
            return None
        receipt = read_json(receipts[-1])
        wrong = self._faults(receipt)
        if wrong:
            before = f"from {receipts[-2].stem}" if len(receipts) > 1 else "from the beginning"
            raise DataError(
                f"checkpoint {receipts[-1].stem} is not what was written: {'; '.join(wrong[:3])}. "
                f"Nothing of it was loaded. To go on {before}, remove {receipts[-1]}"
            )
        folder = self.root / STEP.format(receipt["step"])
        return Saved(receipt["step"], receipt["ranks"], receipt["zero_stage"], folder)

    def _receipts(self) -> list[Path]:
        return sorted(self.receipts.glob("step-*.json"))

    def _clear(self, whole: set[str]) -> None:
        for folder in [*self.root.glob("step-*"), *self.root.glob(".*")]:
            if folder.name not in whole:
                shutil.rmtree(folder)

    def _faults(self, receipt: dict[str, Any]) -> list[str]:
        if receipt["about"] != self.about:
            return [f"it was written by {receipt['about']}, this is {self.about}"]
        folder = self.root / STEP.format(receipt["step"])
        named, found = receipt["files"], hash_files([folder, self.models], self.root)
        faults = [f"{self.root / name}: missing" for name in sorted(set(named) - set(found))]
        # A model saved after this checkpoint is written again; it is data, not code, and is not read.
        beside = {name for name in set(found) - set(named) if not name.startswith("models/")}
        faults += [f"{self.root / name}: not in the receipt" for name in sorted(beside)]
        for name in sorted(set(named) & set(found)):
            want, have = named[name], found[name]
            if want["bytes"] != have["bytes"]:
                faults.append(f"{self.root / name}: {have['bytes']} bytes instead of {want['bytes']}")
            elif want != have:
                faults.append(
                    f"{self.root / name}: altered (SHA-256 {have['sha256'][:12]}, not {want['sha256'][:12]})"
                )
        return faults


def hash_files(folders: list[Path], root: Path) -> dict[str, dict[str, Any]]:
    """`{path below root: {"sha256", "bytes"}}` of every file, flushed to disk; a link is a DataError."""
    files = sorted(path for folder in folders for path in folder.rglob("*") if not path.is_dir())
    with ThreadPoolExecutor() as pool:  # hashing leaves the interpreter's lock
        entries = pool.map(_entry, files)
        return {path.relative_to(root).as_posix(): entry for path, entry in zip(files, entries, strict=True)}


def _entry(path: Path) -> dict[str, Any]:
    if path.is_symlink():
        raise DataError(f"{path}: a link where a checkpoint has files only; remove it")
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}
