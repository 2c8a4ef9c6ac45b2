"""The examinations of `streamo doctor`; each reads, none changes anything."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from components.core.errors import StreamoError

PYTHON = ((3, 11), (3, 13))  # from, below: as pyproject.toml has it
DISK_GB, MEMORY_GB = 6, 6
SHELLS = {"sh", "bash", "dash", "zsh", "ksh"}  # all know `exec` before a command
POSTGRES = Path("/usr/lib/postgresql")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Check:
    """One examined thing: what was found, and the command that mends it where it is not ok."""

    name: str
    ok: bool
    found: str
    mend: str
    needed: bool = True


def examine(root: Path = Path()) -> list[Check]:
    """Every check, needed things first."""
    checks: list[Callable[[Path], Check]] = [
        python, packages, git, setpriv, shell, disk, memory, dvc_files, data, strays, compiler, chromium,
        postgres,
    ]  # fmt: skip
    return sorted((check(root) for check in checks), key=lambda check: not check.needed)


def python(root: Path) -> Check:
    """The interpreter's version."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    low, high = PYTHON
    return Check(
        "python", low <= sys.version_info[:2] < high, version, "install Python 3.11, then `make setup`"
    )


def packages(root: Path) -> Check:
    """Installed packages against constraints.txt: others may run, but bytes are promised for these."""
    wrong, path = [], root / "constraints.txt"
    rows = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;#]+)", path.read_text() if path.is_file() else "", re.M)
    for name, wanted in rows:
        try:
            found = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            continue  # a constraint is no requirement: optional parts stay out
        if found != wanted:
            wrong.append(f"{name} {found} instead of {wanted}")
    missing = [
        name for name in ("dvc", "prefect", "torch", "transformers", "deepspeed", "av") if not installed(name)
    ]
    said = [f"{name} is not installed" for name in missing] + wrong
    found = "; ".join(said[:5]) or f"{len(rows)} constraints hold"
    return Check("packages", not said and bool(rows), found, "make setup")


def installed(name: str) -> bool:
    """Whether a distribution is installed."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def program(name: str, *candidates: str, mend: str, needed: bool = True) -> Check:
    """Whether one of the programs is on the path."""
    found = next((path for path in map(shutil.which, candidates or (name,)) if path), None)
    return Check(name, found is not None, found or "not found", mend, needed)


def git(root: Path) -> Check:
    """Git, which DVC and the run records ask."""
    return program("git", mend="apt-get install git")


def setpriv(root: Path) -> Check:
    """The program that lets children die with the flow."""
    return program("setpriv", mend="apt-get install util-linux")


def compiler(root: Path) -> Check:
    """A C++ compiler: DeepSpeed on several CPU ranks builds its shared-memory op; one rank needs none."""
    return program("g++ (several training ranks)", "g++", mend="bash infra/apt.sh", needed=False)


def chromium(root: Path) -> Check:
    """A browser for the tests that look at pages."""
    return program("chromium (browser tests)", *CHROMIUM, mend="bash infra/apt.sh", needed=False)


def postgres(root: Path) -> Check:
    """Debian's Postgres, for tests and the scenario with the Prefect server on it; SQLite needs nothing."""
    found = sorted(POSTGRES.glob("*/bin/initdb"))
    said = str(found[-1]) if found else "not found"
    mend = "bash infra/apt.sh postgres"
    return Check("Postgres (Prefect's database, optional)", bool(found), said, mend, needed=False)


def shell(root: Path) -> Check:
    """The shell by which a `dvc repro` typed by hand runs commands; the flow always uses /bin/sh."""
    name = os.environ.get("SHELL") or "/bin/sh"
    return Check(
        "SHELL", Path(name).name in SHELLS, name, "export SHELL=/bin/sh before `dvc repro`", needed=False
    )


def disk(root: Path) -> Check:
    """Room for products, DVC's copies of them and the environment."""
    free = shutil.disk_usage(root).free / 1e9
    return Check("disk", free >= DISK_GB, f"{free:.0f} GB free", f"free {DISK_GB} GB, or move the checkout")


def memory(root: Path) -> Check:
    """Memory of the machine."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return Check(
        "memory", total >= MEMORY_GB, f"{total:.0f} GB", "python -m flows.reproduce --jobs 1", needed=False
    )


def dvc_files(root: Path) -> Check:
    """Whether DVC reads the stages."""
    from components.lineage.graph import read_graph

    try:
        return Check("dvc.yaml", True, f"{len(read_graph(root))} stages", "")
    except StreamoError as error:
        return Check("dvc.yaml", False, str(error), "run from the root of a checkout; git checkout dvc.yaml")


def data(root: Path) -> Check:
    """Whether the corpus is there with the pinned bytes."""
    from components.lineage.verify import verify_data

    try:
        return Check("data", True, f"{verify_data(root, root / 'data.dvc')} files, as data.dvc pins them", "")
    except StreamoError as error:
        return Check("data", False, str(error), "make data")


def strays(root: Path) -> Check:
    """Products of stages that are no longer in the DAG, in folders that are hashed whole."""
    from components.lineage.graph import read_graph
    from components.lineage.strays import find_strays

    try:
        found = find_strays(read_graph(root), root)
    except StreamoError as error:
        return Check("strays", False, str(error), "git checkout dvc.yaml")
    names = ", ".join(str(path) for path in found)
    return Check("strays", not found, names or "none", f"rm -r {' '.join(str(path) for path in found)}")
