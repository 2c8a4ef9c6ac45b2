"""The real label files of public sets: every row is a label or a counted rejection; the figures are known."""

import json

import pytest

from components.annotate.importers import IMPORTERS
from components.annotate.importers.account import Options
from components.cli.main import main

HELD = "ends_before_start"
# set, files below the shared annotations, rows, parts, reasons of rows, reasons of parts, rules applied
FILES = [
    (
        "activitynet_captions",
        "activitynet_captions/train.json",
        10009,
        37421,
        {},
        {"empty_span": 2, HELD: 2},
        29,
    ),
    ("activitynet_captions", "activitynet_captions/val.json", 4917, 17505, {}, {}, 5),
    ("youcook2", "youcook2/yc2_train.json", 1333, 10337, {}, {}, 0),
    ("qvhighlights", "qvhighlights/highlight_train_release.jsonl", 7218, 12803, {}, {}, 0),
    ("qvhighlights", "timechat_metrics/vhd_example_gt_file.json", 1550, 2803, {}, {}, 0),
    ("didemo", "didemo/val_data.json", 4180, 4180, {}, {}, 0),
    ("didemo", "didemo/test_data.json", 4021, 4021, {}, {}, 0),
    ("charades_sta", "charades_sta/charades_sta_train.txt", 12408, 12404, {HELD: 4}, {}, 0),
    ("charades_sta", "timechat_metrics/tvg_example_gt_file.json", 3720, 3720, {}, {}, 0),
    ("streamo", "streamo_example/raw_data.json", 2, 2, {}, {}, 0),
]


def rows_of(path):
    """Rows and parts, counted without the importers."""
    text = path.read_text()
    if path.suffix == ".txt":
        return len(text.splitlines()), None
    if text.count("\n{") > 10:
        lines = [json.loads(line) for line in text.splitlines()]
        return len(lines), sum(len(line["relevant_windows"]) for line in lines)
    value = json.loads(text)
    if isinstance(value, dict) and "annotations" not in value:
        return len(value), sum(len(row["sentences"]) for row in value.values())
    rows = value if isinstance(value, list) else value["annotations"]
    return len(rows), len(rows)


@pytest.mark.parametrize(
    ("name", "file", "rows", "parts", "row_reasons", "part_reasons", "trimmed"),
    FILES,
    ids=[f[1] for f in FILES],
)
def test_every_row_is_a_label_or_a_counted_rejection(
    shared_data, name, file, rows, parts, row_reasons, part_reasons, trimmed
):
    path = shared_data / "annotations" / file
    found = IMPORTERS[name].read([path], Options())
    counts = found.counts
    there, parts_there = rows_of(path)
    assert there == rows == counts["rows"] == len(found.labels) + len(found.rejected)
    assert counts["reasons"] == row_reasons and counts["part_reasons"] == part_reasons
    responses = sum(len(label["response"]) for label in found.labels)
    assert counts["parts"] == responses + len(found.dropped) + counts["parts_rejected"] == parts
    assert parts_there in (None, parts)
    assert counts["notes"].get("end_trimmed", 0) == trimmed


def test_activitynet_passes_the_gate_under_its_own_profile_alone(shared_data, tmp_path, capsys):
    rows = json.loads((shared_data / "annotations/activitynet_captions/train.json").read_text())
    some = tmp_path / "some.json"
    some.write_text(json.dumps(dict(list(rows.items())[::25])))
    labels, lengths, turns, events = (
        str(tmp_path / n) for n in ("l.json", "d.json", "t.parquet", "e.parquet")
    )
    assert main(["import", "activitynet_captions", str(some), labels, "--durations-out", lengths]) == 0
    assert main(["convert", labels, turns, "--durations", lengths, "--events", events]) == 0
    verdicts = {}
    for profile, code in (("paper", 1), ("activitynet_captions", 0)):
        capsys.readouterr()
        assert main(["validate", turns, "--events", events, "--profile", profile, "--json"]) == code
        rules = json.loads(capsys.readouterr().out)["rules"]
        verdicts[profile] = [name for name, rule in rules.items() if rule["passed"] is False]
    assert verdicts == {"paper": ["state_shares"], "activitynet_captions": []}
