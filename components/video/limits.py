"""Limits of the process that probes a file, and of what a usable video may be."""

import os
import resource
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a file may cost and be; one bad file must not take the run with it.

    Attributes:
        memory_mb: address space of the child process, MiB.
        cpu_s: processor seconds for one file.
        wall_s: seconds on the clock for one file.
        max_duration_s: longer videos are `too_long`.
        max_pixels: width x height; larger ones are `too_many_pixels`.
        max_streams: more streams are `too_many_streams`.
        file_mb: the largest file the child may write, MiB; a child that only looks writes none.

    """

    memory_mb: int = 4096
    cpu_s: int = 600
    wall_s: float = 1200.0
    max_duration_s: float = 86_400.0
    max_pixels: int = 33_177_600
    max_streams: int = 64
    file_mb: int = 0


def limit_process(limits: Limits) -> None:
    """Limit this process's memory for good; no core dumps, no file beyond `file_mb`."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_mb * MIB, limits.memory_mb * MIB))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_mb * MIB, limits.file_mb * MIB))


def limit_next_file(limits: Limits) -> None:
    """Allow this process `cpu_s` more processor seconds; the kernel ends it with SIGXCPU after that."""
    used = os.times()
    soft = int(used.user + used.system) + 1 + limits.cpu_s
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )
