"""Products of stages that no longer exist, in folders that a later stage hashes whole."""

import shutil
from pathlib import Path

from components.core.errors import DataError
from components.lineage.graph import Graph


def find_strays(graph: Graph, root: Path = Path()) -> list[Path]:
    """Entries of a depended-on parent folder (such as `artifacts/annotations`) that no stage makes.

    A shorter list in params.yaml leaves them behind; DVC would hash them with the rest, and the result
    would differ from that of a fresh clone. A folder on the way to a product (`models/base` above
    `models/base/qwen2_5_vl`) is looked into: it may have been a product itself.
    """
    outs = {out for node in graph for out in node.outs}
    parents = {dep for node in graph for dep in node.deps if any(out.startswith(f"{dep}/") for out in outs)}
    found = []
    for parent in sorted(parents):
        found += _strays_below(root / parent, root, outs)
    return found


def _strays_below(folder: Path, root: Path, outs: set[str]) -> list[Path]:
    found = []
    for entry in sorted(folder.glob("*")):
        path = entry.relative_to(root).as_posix()
        if path in outs:
            continue
        if any(out.startswith(f"{path}/") for out in outs):
            found += _strays_below(entry, root, outs)
        else:
            found.append(entry)
    return found


def remove_strays(graph: Graph, root: Path = Path()) -> list[Path]:
    """Delete strays that are products of ours (they hold a receipt, and DVC's cache holds their bytes).

    What lies beside a receipt, in a folder that is no product any more, is a part of that old product.

    Raises:
        DataError: something else lies there: it is not ours to delete.

    """
    strays = find_strays(graph, root)
    for stray in strays:
        if not any((folder / "identity.json").is_file() for folder in (stray, stray.parent)):
            raise DataError(
                f"{stray}: no stage makes this, and a later stage hashes its folder; move it away"
            )
    for stray in strays:
        if stray.is_dir():
            shutil.rmtree(stray)
        else:
            stray.unlink()
    return strays
