"""One JSON POST of a run's outcome to the URL in STREAMO_WEBHOOK_URL; at most once a run."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from components.core.files import write_text

VARIABLE = "STREAMO_WEBHOOK_URL"
TRIES, TIMEOUT_S, PAUSE_S = 3, 10.0, 1.0
AGAIN = {429, 500, 502, 503, 504}  # the receiver says that it did not take it
Json = dict[str, Any]


def notify(outcome: Json, started: Path) -> Json:
    """Send `outcome`; returns what became of it. A failure is a result: it does not fail the run.

    Args:
        outcome: what is sent, with `id` repeated in the header Idempotency-Key.
        started: a file that is written before the first byte is sent: a run that was killed after that does
            not send again, for nobody knows whether the message arrived.

    """
    url = os.environ.get(VARIABLE, "")
    if not url:
        return {"sent": False, "why": f"{VARIABLE} is not set"}
    if not url.startswith(("http://", "https://")):
        return {"sent": False, "why": f"{VARIABLE} is no http:// or https:// address"}
    if started.is_file():
        return {"sent": False, "why": "interrupted while sending; not repeated, it may have arrived"}
    write_text(started, "sending\n")
    body = json.dumps(outcome, sort_keys=True).encode("utf-8")
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(outcome["id"])}
    return post(urllib.request.Request(url, data=body, headers=headers, method="POST"))  # noqa: S310 - checked above


def post(request: urllib.request.Request, *, tries: int = TRIES, pause_s: float = PAUSE_S) -> Json:
    """Send a request; again only where it was surely not taken: no connection, 429 or 5xx.

    The URL is never named: it often holds a secret.
    """
    why = ""
    for attempt in range(1, tries + 1):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - http(s) only
                return {"sent": True, "status": answer.status, "tries": attempt}
        except urllib.error.HTTPError as error:
            why = f"the receiver answered {error.code}"
            if error.code not in AGAIN:
                break
        except urllib.error.URLError as error:
            why = f"no connection: {error.reason}"
            if isinstance(error.reason, TimeoutError):
                break
        except (OSError, http.client.HTTPException) as error:
            why = f"the connection broke ({type(error).__name__}); it may have arrived"
            break
        if attempt < tries:
            time.sleep(pause_s * 2 ** (attempt - 1))
    return {"sent": False, "why": why, "tries": attempt}
