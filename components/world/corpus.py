"""The embedded corpus as params.yaml describes it, written to scratch and published whole."""

from pathlib import Path
from typing import Any

from components.core import params
from components.core.errors import DataError
from components.core.files import new_dir, write_json
from components.world.generate import Heldout, render
from components.world.sample import Lengths

MARKER = "world.json"  # says that this folder was generated and may be generated again


def generate(out: Path) -> None:
    """Render the corpus of params `world.*` and `seed` into `out`.

    Raises:
        DataError: `out` holds files that this generator did not write.
        UsageError: a length in params.yaml is not a range.

    """
    if out.exists() and any(out.iterdir()) and not (out / MARKER).exists():
        raise DataError(
            f"{out}: holds data that was not generated here; move it away first (nothing was changed)"
        )
    seed, settings = int(params.get("seed")), params.get("world")
    with new_dir(out) as scratch:
        write_corpus(scratch, settings, seed)


def write_corpus(folder: Path, settings: dict[str, Any], seed: int, *, progress: bool = True) -> None:
    """Render into an empty folder and leave the marker with what the folder was made from."""
    render(
        folder,
        clips=int(settings["clips"]),
        seed=seed,
        heldout=Heldout(sets=int(settings["heldout_sets"])) if settings["heldout_sets"] else None,
        lengths=Lengths.from_params(settings["lengths"]),
        progress=progress,
    )
    write_json(folder / MARKER, {"seed": seed, "world": settings})
