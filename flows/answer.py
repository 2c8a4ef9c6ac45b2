"""The artifacts by which a job speaks: a progress bar that is its sign of life, and its answer."""

import json
import re
from typing import Any

from components.core.errors import DataError
from components.core.files import dumps
from components.lineage.job import Job

FENCE = re.compile(r"^```json\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _slug(address: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-")


def progress_key(address: str) -> str:
    """Key of the progress artifact of a stage's jobs (Prefect allows a-z, 0-9 and dashes)."""
    return f"progress-{_slug(address)}"


def answer_key(address: str) -> str:
    """Key of the artifact with a job's answer."""
    return f"answer-{_slug(address)}"


def render_answer(job: Job, entry: dict[str, Any]) -> str:
    """An answer as Markdown: what was made, for people, and the entry of dvc.lock, for `parse_answer`."""
    rows = "\n".join(f"| `{out['path']}` | `{out['md5']}` | {out['size']} |" for out in entry["outs"])
    table = f"| product | md5 | bytes |\n|---|---|---|\n{rows}"
    return f"## {job['address']}\n\ncommit `{job['commit']}`\n\n{table}\n\n```json\n{dumps(entry)}```\n"


def parse_answer(text: str, address: str) -> Any:
    """The entry in a rendered answer, unchecked.

    Raises:
        DataError: there is no JSON in it.

    """
    found = FENCE.search(text)
    try:
        return json.loads(found.group(1) if found else "")
    except json.JSONDecodeError as error:
        raise DataError(f"{address}: the job's answer holds no entry of dvc.lock ({error})") from None
