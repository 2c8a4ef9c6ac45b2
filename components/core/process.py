"""Process groups without orphans: children die with their parent, groups are killed whole (Linux)."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from components.core.errors import InternalError

PR_SET_PDEATHSIG = 1
# Environment variable with the process id of the flow above a stage: a stage that finds it gone ends itself.
SUPERVISOR = "STREAMO_SUPERVISOR"

# One thread per process is the fastest on small machines, and fixed kernels widen the CPU family on which the
# same wheels give the same bytes (design: data.dvc and a fresh machine).
FIXED_ENV = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "AVX2",
    "PYTHONHASHSEED": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}


def die_with_parent() -> None:
    """Ask the kernel to SIGKILL this process when its parent dies (prctl; not inherited by children)."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have died between the two calls or, under a supervisor, before the first of them.
    supervisor = os.environ.get(SUPERVISOR)
    if os.getppid() != parent or (supervisor is not None and not is_alive(int(supervisor))):
        os.kill(os.getpid(), signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists (a zombie does)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def fix_environment() -> None:
    """Set `FIXED_ENV` for this process; call before torch or numpy is imported."""
    os.environ.update(FIXED_ENV)


def start_group(
    argv: Sequence[str], *, env: Mapping[str, str] | None = None, **kwargs: Any
) -> subprocess.Popen[str]:
    """Start `argv` as leader of a new session that is killed when the calling THREAD ends; text pipes.

    Raises:
        InternalError: `setpriv` (package util-linux) is not on this machine.

    """
    prefix = ["setpriv", "--pdeathsig", "KILL"] if sys.platform.startswith("linux") else []
    if prefix and shutil.which(prefix[0]) is None:
        raise InternalError(
            "setpriv is missing: install the package util-linux (`streamo doctor` lists what else)"
        )
    return subprocess.Popen(
        [*prefix, *argv], env=dict(env or os.environ), start_new_session=True, text=True, **kwargs
    )


def kill_group(process: subprocess.Popen[str], *, grace_s: float = 2.0) -> None:
    """SIGTERM the whole group, SIGKILL what is left after `grace_s` seconds; it may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
