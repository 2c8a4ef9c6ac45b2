"""The shipped figures of the paper: every table, means recomputed, flags where rounding does not explain."""

import json
import os
from pathlib import Path

import pytest

from components.report.paper import HUNDREDTHS, load_paper

TABLES = {"ovo": 17, "offline": 16, "losses": 6, "states": 2, "streamo_bench": 6, "vispeak_bench": 11}
FLAGGED = {
    ("ovo", "Qwen2-VL-72B", "total"),
    ("ovo", "LLaVA-Video-7B", "realtime"),
    ("ovo", "LLaVA-Video-7B", "total"),
    ("ovo", "ViSpeak-7B", "total"),
    ("ovo", "Streamo-4B (Qwen3-VL)", "total"),
    ("vispeak_bench", "Qwen2.5-VL-7B", "overall"),
    ("vispeak_bench", "Ola-7B", "overall"),
}


def test_every_table_is_whole_and_exactly_these_means_are_flagged():
    paper = load_paper()
    assert {name: len(paper[name]) for name in TABLES} == TABLES
    flagged = {
        (name, row["model"], mean) for name in TABLES for row in paper[name] for mean in row.get("flags", ())
    }
    assert flagged == FLAGGED


@pytest.mark.parametrize("group", ["forward", "realtime", "backward", "total"])
def test_what_is_not_flagged_follows_by_rounding(group):
    for row in load_paper()["ovo"]:
        printed, recomputed = row["printed"][group], row["recomputed"][group]
        if printed is not None and recomputed is not None:
            assert (round(abs(printed - recomputed), 2) > HUNDREDTHS) == (group in row["flags"]), row["model"]


def test_claims_that_do_not_hold_say_so_in_a_sentence():
    claims = {claim["printed"]: claim for claim in load_paper()["claims"]}
    assert "OVERALL gap to Dispider" in claims["+13.83 % over Dispider"]["says"]
    assert "59.35" in claims["ViSpeak-7B overall 61.08"]["says"]
    assert claims["+4.66 % at 2 fps"]["recomputed"].endswith("2.25")
    assert claims["46.5K samples"]["holds"] is False
    assert all(claim["says"].endswith(".") for claim in claims.values())


def test_every_printed_number_is_shipped_as_printed():
    shared = os.environ.get("STREAMO_SHARED_DATA")
    source = Path(shared).parent / "paper_results.json" if shared else None
    if source is None or not source.is_file():
        pytest.skip("STREAMO_SHARED_DATA is not set, or paper_results.json does not lie beside it")
    shipped = numbers(load_paper())
    for cell in json.loads(source.read_text())["numbers"]:
        assert cell["value"] is None or cell["value"] in shipped[cell["model"]], cell


def numbers(paper):
    """Model -> the set of all numbers printed of it."""
    found = {}
    for name in TABLES:
        for row in paper[name]:
            found.setdefault(row.get("model") or row["base"], set()).update(leaves(row))
    return found


def leaves(value):
    """The numbers of a JSON value, except what this project computed."""
    if isinstance(value, dict):
        return {one for key, inner in value.items() if key != "recomputed" for one in leaves(inner)}
    return {value} if isinstance(value, int | float) else set()
