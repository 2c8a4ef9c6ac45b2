"""What the Prefect UI shows of a run beside its log: progress, stages, results, verdict, drift, next step.

Everything shown is also a file of the checkout or of `runs/`: without a server nothing is lost but the page.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

RESULTS = Path("artifacts/report/results.txt")
Rows = list[dict[str, Any]]


class Board:
    """The artifacts of one flow run; where the server cannot be reached it says so once and is silent.

    Args:
        say: prints a line for people.

    """

    def __init__(self, say: Callable[[str], None] = print):
        self.say = say
        self.progress: UUID | None = None
        self._lock = threading.Lock()
        self._silent = False
        if FlowRunContext.get() is None:
            self._give_up("this is no Prefect flow run")

    def show_progress(self, done: int, total: int, what: str) -> None:
        """Move the bar to `done` of `total`; `what` says what that is."""
        share = 100.0 * done / total if total else 100.0

        def draw() -> None:
            if self.progress is None:
                made = create_progress_artifact(share, key="progress", description=what)
                self.progress = made if isinstance(made, UUID) else None
            else:
                update_progress_artifact(self.progress, share, description=what)

        self._try(draw)

    def show_table(self, key: str, rows: Rows, description: str) -> None:
        """A table; keys are lower-case words joined by dashes."""
        self._try(lambda: create_table_artifact(rows, key=key, description=description))

    def show_text(self, key: str, text: str, description: str) -> None:
        """Markdown."""
        self._try(lambda: create_markdown_artifact(text, key=key, description=description))

    def show_link(self, key: str, path: Path, text: str) -> None:
        """A page on the disk of this machine."""
        self._try(
            lambda: create_link_artifact(path.absolute().as_uri(), link_text=text, key=key, description=text)
        )

    def note(self, text: str) -> None:
        """A line in the log of the run."""
        if FlowRunContext.get() is not None:
            get_run_logger().info(text)

    def _try(self, act: Callable[[], object]) -> None:
        with self._lock:
            if self._silent:
                return
            try:
                act()
            except httpx.HTTPError as error:
                self._give_up(f"{type(error).__name__}: {error}")

    def _give_up(self, why: str) -> None:
        self._silent = True
        self.say(f"no artifacts in the Prefect UI: {' '.join(why.split())}")


def show_reproduction(board: Board, root: Path, states: Mapping[str, str], failures: Sequence[str]) -> None:
    """The stages of a run of the DAG, the result table where there is one, and what to do now."""
    rows = [{"stage": address, "state": state} for address, state in states.items()]
    ran = sum(state == "Completed" for state in states.values())
    board.show_table("stages", rows, f"{ran} of {len(rows)} stages ran, the others were there or not reached")
    if failures:
        listed = "\n".join(f"- {failure}" for failure in failures)
        then = "Mend what the log says and run the deployment again: only what is left runs."
        board.note(f"failed: {'; '.join(failures)}. {then}")
        board.show_text("next", f"## Failed\n{listed}\n\n{then}", "what an operator does now")
        return
    page = RESULTS.with_name("index.html")
    then = f"Report: `{page}`. Judge it: `streamo gate`. Keep it: commit dvc.lock, `streamo register`."
    board.note(f"{ran} of {len(rows)} stages ran. {then}")
    if (root / RESULTS).is_file():
        text = (root / RESULTS).read_text(encoding="utf-8")
        board.show_text("results", f"```text\n{text}\n```\n{then}", "the result table of the report")


def show_outcome(board: Board, outcome: Mapping[str, Any]) -> None:
    """Decision, gate intervals, drift and next step of a retraining run (its `outcome.json`)."""
    gate, drift = outcome.get("gate") or {}, outcome.get("drift") or {}
    board.note(f"{outcome['decision']}: {outcome['reason']}. Next: {outcome['next']}")
    facts = {"version": outcome.get("version"), "commit": outcome.get("commit")}
    lines = [f"# {outcome['decision']}", f"**Why:** {outcome['reason']}", f"**Now:** {outcome['next']}"]
    lines += [f"- {name}: `{value}`" for name, value in facts.items() if value]
    lines += [f"- {reason}" for reason in gate.get("reasons") or []]
    board.show_text("verdict", "\n\n".join(lines), "what the run decided, and what an operator does now")
    if groups := gate.get("groups"):
        rows = [gate_row(name, group) for name, group in groups.items()]
        board.show_table("gate", rows, "candidate against champion, paired bootstrap, 95 % intervals")
    if found := drift.get("found"):
        board.show_table("drift", [dict(row) for row in found], "features beyond their threshold")


def gate_row(name: str, group: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the gate's table."""
    passed = {True: "passed", False: "refused", None: "not compared"}[group.get("passed")]
    interval = group.get("interval")
    return {
        "group": name,
        "candidate": group.get("candidate"),
        "champion": group.get("champion"),
        "difference": group.get("difference"),
        "interval": f"[{interval[0]}, {interval[1]}]" if interval else "",
        "margin": group.get("margin"),
        "verdict": passed,
    }
