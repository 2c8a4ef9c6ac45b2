"""Children of the flow: drained, logged, killed whole; nothing starts once it stops."""

import os
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from components.core.errors import InternalError
from components.core.process import SUPERVISOR
from flows.children import Children, child_environment

PATIENCE_S = 30.0


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_reaches_log_listener_and_result_in_order(tmp_path: Path) -> None:
    heard: list[str] = []
    code = "import sys\nfor i in range(20000): print(i)\nsys.stderr.write('last')\nsys.exit(3)"
    done = Children(tmp_path).run(python(code), tmp_path / "logs/a.log", heard.append)
    assert done.returncode == 3
    assert done.lines == heard == [*map(str, range(20000)), "last"]
    assert (tmp_path / "logs/a.log").read_text().splitlines() == heard


def test_bytes_that_are_no_text_do_not_end_the_drain(tmp_path: Path) -> None:
    code = "import os; os.write(1, b'\\xff\\xfe\\n'); print('after')"
    done = Children(tmp_path).run(python(code), tmp_path / "a.log", lambda line: None)
    assert done.lines[-1] == "after"


def test_what_a_dead_leader_leaves_in_its_group_is_killed(tmp_path: Path) -> None:
    code = "import subprocess, sys\n"
    code += "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nprint(p.pid)"
    done = Children(tmp_path).run(python(code), tmp_path / "a.log", lambda line: None)
    orphan = int(done.lines[0])
    deadline = time.monotonic() + PATIENCE_S
    while psutil.pid_exists(orphan) and psutil.Process(orphan).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the orphan lives"
        time.sleep(0.05)


def test_stop_kills_the_running_and_refuses_the_next(tmp_path: Path) -> None:
    children, started = Children(tmp_path), threading.Event()
    results = []

    def work() -> None:
        code = "print('up', flush=True); import time; time.sleep(600)"
        results.append(children.run(python(code), tmp_path / "a.log", lambda line: started.set()))

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(PATIENCE_S)
    children.stop()
    thread.join(PATIENCE_S)
    assert results[0].returncode < 0
    with pytest.raises(InternalError, match="stopping"):
        children.run(python(""), tmp_path / "b.log", lambda line: None)


def test_environment_of_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    monkeypatch.setenv("DVC_STAGE", "outer")
    environment = child_environment()
    assert environment["SHELL"] == "/bin/sh"
    assert environment[SUPERVISOR] == str(os.getpid())
    assert environment["PYTHONHASHSEED"] == "0"
    assert "DVC_STAGE" not in environment
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
