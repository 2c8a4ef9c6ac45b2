"""DVC's cache: every object must hold the bytes its name says; DVC itself serves a corrupted one silently."""

import re
from pathlib import Path

from components.audit.findings import Finding
from components.audit.hasher import Hasher
from components.lineage.tree import DIR_SUFFIX

OBJECT = re.compile(r"[0-9a-f]{32}(\.dir)?")


def cache_dir(root: Path) -> Path:
    """Folder of the MD5-named objects, as this checkout's DVC settings have it."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        return Path(repo.cache.local.path)


def check_cache(cache: Path, hasher: Hasher) -> tuple[list[Finding], int]:
    """Findings and the number of objects; what is no object (a killed DVC's temporary) is left out."""
    findings, count = [], 0
    for path in sorted(cache.glob("??/*")):
        name = path.parent.name + path.name
        if not OBJECT.fullmatch(name) or not path.is_file():
            continue
        count += 1
        found, wanted = hasher.md5(path), name.removesuffix(DIR_SUFFIX)
        if found != wanted:
            shown = path.relative_to(hasher.root) if path.is_relative_to(hasher.root) else path
            findings.append(Finding(str(shown), "cache_object", f"its name says {wanted}, its bytes {found}"))
    return findings, count
