"""Events that the server acts on: `drift.detected` starts the deployment `retrain` (prefect.yaml, triggers).

`streamo drift ... --json | python -m flows.events` tells the server of drift found outside a flow.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError, StreamoError
from flows.reach import require_server
from flows.server import configure

DRIFT = "drift.detected"
RESOURCE = "streamo.checkout"
SEND_S = 30.0


def emit(event: str, root: Path, payload: Mapping[str, Any]) -> None:
    """Send an event about the checkout at `root` and wait until it has left this process.

    Raises:
        DataError: the server did not take it.

    """
    from prefect.events import emit_event
    from prefect.events.worker import EventsWorker

    resource = {"prefect.resource.id": f"{RESOURCE}.{root.name}", "prefect.resource.name": root.name}
    sent = emit_event(event=event, resource=resource, payload=dict(payload))
    waited = EventsWorker.drain_all(timeout=SEND_S)
    if sent is None or (isinstance(waited, tuple) and waited[1]):
        raise DataError(
            f"event {event} did not reach the Prefect server within {SEND_S:.0f} s; send it again"
        )


def drift_payload(text: str) -> dict[str, Any] | None:
    """What the event says of a `streamo drift --json` object; None where nothing drifted.

    Raises:
        DataError: `text` is no such object.

    """
    try:
        found = json.loads(text)
        rows = [{key: row[key] for key in ("feature", "statistic", "threshold")} for row in found["found"]]
        drifted = bool(found["drifted"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"expected the object that `streamo drift --json` prints: {error!r}") from None
    return {"metric": rows[0]["feature"] if rows else "", "found": rows} if drifted else None


def main(argv: Sequence[str] | None = None) -> int:
    """Read a drift result from standard input; emit the event if it says so."""
    argparse.ArgumentParser(prog="python -m flows.events", description=__doc__).parse_args(argv)
    root = Path.cwd()
    try:
        payload = drift_payload(sys.stdin.read())
        if payload is None:
            print("no drift: no event sent")
            return 0
        configure(root / "runs" / "prefect")
        require_server()
        emit(DRIFT, root, payload)
        print(f"sent {DRIFT}: {payload['metric']}; the deployment retrain/retrain starts if it is deployed")
        return 0
    except StreamoError as error:
        print(f"events: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
