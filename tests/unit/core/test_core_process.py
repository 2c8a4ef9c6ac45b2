"""Children die with their parent, groups are killed whole, the checkout lock names its holder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from components.core.errors import DataError, InternalError
from components.core.lock import checkout_lock
from components.core.process import FIXED_ENV, SUPERVISOR, is_alive, kill_group, start_group

PATIENCE_S = 30.0
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline().strip(), flush=True)
time.sleep(600)
"""
CHILD = "import os, time; {setup}print(os.getpid(), flush=True); time.sleep(600)"


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not condition():
        time.sleep(0.05)
    return condition()


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("guarded", [True, False])
def test_die_with_parent_survives_no_kill_of_the_parent(guarded: bool) -> None:
    setup = "from components.core.process import die_with_parent; die_with_parent(); " if guarded else ""
    code = PARENT.format(child=CHILD.format(setup=setup))
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    if guarded:
        assert wait_until(lambda: not runs(child))
    else:  # without the call the child lives on: the test can fail
        assert runs(child)
        os.kill(child, signal.SIGKILL)


def test_a_stage_whose_supervisor_is_gone_ends_itself() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    code = "from components.core.process import die_with_parent; die_with_parent(); print('alive')"
    for supervisor, expected in ((str(gone.pid), -signal.SIGKILL), (str(os.getpid()), 0)):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, SUPERVISOR: supervisor})
        assert done.returncode == expected
    assert not is_alive(gone.pid)


def test_kill_group_takes_grandchildren_that_ignore_sigterm() -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    code += PARENT.format(child=CHILD.format(setup=stubborn))
    leader = start_group([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert leader.stdout
    grandchild = int(leader.stdout.readline())
    assert os.getpgid(grandchild) == leader.pid != os.getpgrp()
    kill_group(leader, grace_s=0.3)
    assert leader.returncode == -signal.SIGKILL
    assert wait_until(lambda: not runs(grandchild))
    kill_group(leader)  # a second call finds nothing and says nothing


def test_start_group_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InternalError, match="util-linux"):
        start_group(["true"])


def test_environment_is_fixed_before_numpy_is_loaded() -> None:
    code = "import os; from components.core.process import fix_environment; fix_environment(); import sys;"
    code += "print('numpy' in sys.modules, os.environ['OMP_NUM_THREADS'], os.environ['MKL_CBWR'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", FIXED_ENV["OMP_NUM_THREADS"], FIXED_ENV["MKL_CBWR"]]


def test_lock_names_the_holder_and_is_free_when_the_holder_is_killed(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from components.core.lock import checkout_lock\n"
    code += (
        "with checkout_lock(Path(sys.argv[1]), 'a long run'):\n    print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout and holder.stdout.readline() == "held\n"
    with (
        pytest.raises(DataError, match=rf"in use by .*{holder.pid}.*a long run"),
        checkout_lock(tmp_path, "x"),
    ):
        pytest.fail("two holders at once")
    holder.kill()
    holder.wait()
    with checkout_lock(tmp_path, "mine"):
        assert json.loads((tmp_path / ".streamo.lock").read_text()) == {"pid": os.getpid(), "purpose": "mine"}
    assert (tmp_path / ".streamo.lock").read_text() == ""


def test_lock_waits_if_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "import sys, time; from pathlib import Path; from components.core.lock import checkout_lock\n"
    code += (
        "with checkout_lock(Path(sys.argv[1]), 'short'):\n    print('held', flush=True); sys.stdin.readline()"
    )
    argv = [sys.executable, "-c", code, str(tmp_path)]
    holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin and holder.stdout and holder.stdout.readline() == "held\n"
    holder.stdin.write("go\n")
    holder.stdin.flush()
    with checkout_lock(tmp_path, "second", wait_s=PATIENCE_S):
        assert json.loads((tmp_path / ".streamo.lock").read_text())["purpose"] == "second"
    holder.wait()
    assert capsys.readouterr().err in ("", f'waiting for {{"pid": {holder.pid}, "purpose": "short"}}\n')
