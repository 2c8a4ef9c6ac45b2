"""The Prefect flow `audit`: `streamo audit` of the checkout or of a version, with its findings in the UI."""

import json
import sys
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.logging import get_run_logger

from components.core.errors import DataError, InternalError
from components.core.lock import checkout_lock
from flows.artifacts import Board
from flows.children import Children, Finished
from flows.lost import end_with_worker

WAIT_S = 6 * 3600.0  # a run of the DAG in this checkout is waited for: half-made products verify nothing
SHOWN = 200  # findings in the UI; the log file has them all
LOG = Path("runs/logs/audit.log")


@flow(name="audit", log_prints=False, persist_result=False)
def audit(version: str | None = None) -> dict[str, Any]:
    """Audit the checkout in the current folder, or one registered version.

    Args:
        version: of the registry; None: the workspace.

    Returns:
        `{"verified", "counts"}`.

    Raises:
        DataError: something does not verify; the message names the first findings.

    """
    end_with_worker()
    root = Path.cwd()
    with checkout_lock(root, "the flow audit", wait_s=WAIT_S):
        report = run_audit(root, version)
    findings, counts = report["findings"], report.get("counts", {})
    show(findings, counts, version)
    if not report["ok"]:
        named = "; ".join(f"{row['path']}: {row['detail']}" for row in findings[:3])
        raise DataError(
            f"{len(findings)} findings: {named}; all in {LOG}. Restore what is named (`dvc pull`, or delete "
            "the object in the cache and run reproduce), then audit again"
        )
    get_run_logger().info("everything verifies: %s. Nothing to do.", counts)
    return {"verified": True, "counts": counts}


def run_audit(root: Path, version: str | None) -> dict[str, Any]:
    """The object that `streamo audit --json` prints.

    Raises:
        InternalError: it printed none.

    """
    children = Children(root)
    words = [sys.executable, "-m", "components.cli", "audit", *([version] if version else []), "--json"]
    try:
        finished = children.run(words, root / LOG, lambda line: None)
    except BaseException:  # a signal reaches the main thread here: nothing may outlive the flow
        children.stop()
        raise
    return parse(finished)


def parse(finished: Finished) -> dict[str, Any]:
    """The report among the lines of the child; anything else is the failure it reports."""
    for line in finished.lines:
        if line.startswith("{"):
            report: dict[str, Any] = json.loads(line)
            return report
    said = " ".join(finished.lines[-3:]) or "nothing"
    if finished.returncode in (1, 2):
        raise DataError(f"streamo audit: {said}")
    raise InternalError(f"streamo audit ended with {finished.returncode} and said {said}; see {LOG}")


def show(findings: list[dict[str, Any]], counts: dict[str, Any], version: str | None) -> None:
    """Counts and findings in the UI."""
    board = Board()
    what = f"version {version}" if version else "the checkout"
    verdict = f"{len(findings)} findings" if findings else "everything verifies"
    lines = [
        f"# {what}: {verdict}",
        *(f"- {value} {name.replace('_', ' ')}" for name, value in counts.items()),
    ]
    board.show_text("audit", "\n".join(lines), f"audit of {what}")
    if findings:
        rows = [
            {key: str(row.get(key, "")) for key in ("kind", "path", "detail")} for row in findings[:SHOWN]
        ]
        board.show_table("findings", rows, f"what does not verify ({len(findings)} in all)")
