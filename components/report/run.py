"""The body of stage `report`: products in, one page, results.json and results.txt out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.core.files import write_json, write_text
from components.report.clips import build_clips
from components.report.inputs import read_products
from components.report.page import render
from components.report.results import build_results
from components.report.text import plain_text


def run(
    out: Path,
    *,
    root: Path,
    media: Path,
    families: Sequence[str],
    losses: Sequence[str],
    seeds: Sequence[int],
    suites: Sequence[str],
    seed: int = 0,
) -> dict[str, Any]:
    """Write `index.html`, `results.json` and `results.txt` into `out`; returns the value of results.json.

    Args:
        out: an existing folder.
        root: the checkout, whose artifacts/ and models/ are read.
        media: the media root.
        families: trained model families; the served model is one of the first.
        losses: names of the trained losses.
        seeds: training seeds.
        suites: evaluated suites; must hold `validation`.
        seed: of the random blind policy among the plots.

    Raises:
        DataError: a product is missing or has another form than its room's README says.

    """
    products = read_products(root, families, losses, seeds, suites)
    clips = build_clips(products, media)
    results = build_results(products, [clip.shown for clip in clips], seed=seed)
    write_json(out / "results.json", results)
    write_text(out / "results.txt", plain_text(results))
    write_text(out / "index.html", render(results, clips))
    return results
