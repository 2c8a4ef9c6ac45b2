"""Watching processes from outside: which of them are below one, which still run."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until `condition()` holds; whether it did in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return bool(condition())


def roles_below(pid: int, marks: dict[str, str]) -> dict[str, psutil.Process]:
    """Of a process and all below it, the one whose command line holds each role's mark."""
    roles = {}
    for child in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            words = " ".join(child.cmdline())
        except psutil.Error:  # it ended between the two looks
            continue
        for role, mark in marks.items():
            if mark in words:
                roles[role] = child
    return roles


def alive(processes: Iterable[psutil.Process]) -> list[str]:
    """Command lines of those that still run (a zombie runs no more)."""
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return found


def tree_mb(pid: int) -> float:
    """Resident memory of a process and its children in MiB; pages they share count for each."""
    total = 0.0
    try:
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        total += next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:")), 0.0)
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(tree_mb(int(child)) for child in (task / "children").read_text().split())
    except (OSError, ValueError):
        pass  # it ended while we looked
    return total
