"""The report reads what its stage depends on and nothing that merely lies beside it."""

from pathlib import Path

import yaml

from components.core.files import write_json
from components.report.inputs import SOURCES, count_quarantines, read_lineage

ROOT = Path(__file__).resolve().parents[3]
IDENTITY = {"stage": "corpus", "inputs": {}, "code": {}}


def test_sources_are_the_declared_products():
    deps = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["report"]["deps"]
    assert set(SOURCES) == {dep for dep in deps if dep.startswith(("artifacts/", "models"))}


def test_leftovers_of_an_earlier_run_are_not_read(tmp_path):
    write_json(tmp_path / "artifacts/corpus/identity.json", IDENTITY)
    write_json(tmp_path / "artifacts/corpus/quarantine.json", [{"reason": "audio_only"}])
    lineage, counts = read_lineage(tmp_path), count_quarantines(tmp_path)
    for stale in ("register/receipts/artifacts/corpus", "report"):
        write_json(tmp_path / "artifacts" / stale / "identity.json", IDENTITY)
        write_json(tmp_path / "artifacts" / stale / "quarantine.json", [{"reason": "too_long"}])
    assert read_lineage(tmp_path) == lineage and len(lineage) == 1
    assert count_quarantines(tmp_path) == counts == {"corpus": {"audio_only": 1}}
