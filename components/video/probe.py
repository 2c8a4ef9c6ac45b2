"""Probing files in limited child processes: a crash, a hang or hunger of a child becomes a reason."""

import os
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from components.video.child import Child, EndedError, each
from components.video.limits import Limits
from components.video.result import Probe

__all__ = ["Limits", "Probe", "probe", "probe_many"]


class Worker:
    """One child process that probes file after file; it is started again after it died."""

    def __init__(self, limits: Limits):
        self.child = Child("components.video.worker", limits, "probing")

    @property
    def process(self) -> "subprocess.Popen[str] | None":
        """The child, while there is one."""
        return self.child.process

    def ask(self, path: Path, *, quick: bool) -> Probe:
        """Probe one file; whatever happens to the child is in the result's reason."""
        refused = refuse(path)
        if refused is not None:
            return refused
        try:
            return Probe(**self.child.ask({"path": str(path), "quick": quick}))
        except EndedError as ended:
            return Probe(str(path), ended.reason, ended.detail)

    def close(self) -> None:
        """End the child, whatever it is doing."""
        self.child.close()


def refuse(path: Path) -> Probe | None:
    """Reject what needs no child: names that are not text, missing, special and empty files."""
    try:
        str(path).encode("utf-8")
        found = path.stat()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        return Probe(shown, "name_not_utf8", "the file's name is not valid UTF-8; rename it")
    except (FileNotFoundError, NotADirectoryError):
        return Probe(str(path), "not_found", "no such file")
    except OSError as error:
        return Probe(str(path), "unreadable", error.strerror or str(error))
    if not stat.S_ISREG(found.st_mode):
        return Probe(str(path), "not_a_regular_file", "a folder, pipe, socket or device")
    if found.st_size == 0:
        return Probe(str(path), "empty_file", "0 bytes")
    if not os.access(path, os.R_OK):
        return Probe(str(path), "unreadable", "no permission to read it")
    return None


def probe(path: str | Path, *, quick: bool = False, limits: Limits | None = None) -> Probe:
    """Probe one file in a child process; see `Probe`. `quick` reads packets and decodes nothing."""
    return next(probe_many([path], quick=quick, limits=limits, workers=1))


def probe_many(
    paths: Sequence[str | Path],
    *,
    quick: bool = False,
    limits: Limits | None = None,
    workers: int | None = None,
) -> Iterator[Probe]:
    """Probe many files in order, in `workers` children (default: one per core this process may use).

    Each child probes file after file; a file that kills its child costs one restart.
    """
    limits = limits or Limits()

    def ask(worker: Worker, path: Path) -> Probe:
        return worker.ask(path.absolute(), quick=quick)

    found = each([Path(path) for path in paths], lambda: Worker(limits), ask, workers=workers)
    for path, result in zip(paths, found, strict=True):
        yield result if result.reason == "name_not_utf8" else replace(result, path=str(path))
