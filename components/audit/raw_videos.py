"""The raw videos of a version: bytes, source and licence of each, as its manifest has them."""

import io
from collections import Counter
from typing import Any

from components.audit.findings import Finding
from components.audit.locked import Locked
from components.audit.version_lock import lookup
from components.core.params import load_all

MANIFEST = "artifacts/corpus/manifest.parquet"
NOT_STATED = "not stated"  # what stage corpus writes where nobody gave a licence


def read_rows(data: bytes) -> list[dict[str, Any]]:
    """The rows of a manifest.parquet."""
    import pyarrow.parquet as pq

    return list(pq.read_table(io.BytesIO(data)).to_pylist())


def check_videos(locked: Locked) -> tuple[dict[str, Any], list[Finding]]:
    """Counts by role, source and licence, videos without a licence, rows whose bytes are not those pinned."""
    data = locked.read(MANIFEST)
    if data is None:
        return {}, [
            Finding(MANIFEST, "missing", "the videos of this version cannot be listed", "artifacts/corpus")
        ]
    rows, findings = read_rows(data), []
    media = str(lookup(load_all(locked.root), "corpus.media"))
    holder = locked.product_of(media)
    files = holder.files if holder is not None else None
    for row in rows if holder is not None and files is not None else []:
        path = f"{media}/{row['video_id']}"
        md5 = files.get(path.removeprefix(f"{holder.pin.path}/")) if files and holder else None
        if md5 is None:
            findings.append(
                Finding(path, "missing", "in the manifest, not in the pinned data", "artifacts/corpus")
            )
            continue
        found = locked.objects.check(md5).sha256
        if found is not None and found != row["sha256"]:
            detail = f"the manifest says {row['sha256']}, the pinned bytes are {found}"
            findings.append(Finding(path, "copy", detail, "artifacts/corpus"))
    return {
        "count": len(rows),
        "roles": dict(sorted(Counter(row["role"] for row in rows).items())),
        "sources": dict(sorted(Counter(row["source"] or NOT_STATED for row in rows).items())),
        "licences": dict(sorted(Counter(row["licence"] or NOT_STATED for row in rows).items())),
        "without_licence": sorted(row["video_id"] for row in rows if row["licence"] in ("", NOT_STATED)),
    }, findings
