"""The verdict: what registers, what refuses, and what a version folder holds."""

import pytest
import yaml

from components.core.files import read_json, write_json
from components.core.hashing import sha256_file, sha256_tree
from components.registry.run import run
from components.registry.verdict import constant_floor
from components.report.run import run as run_report
from tests.support.report_workspace import FAMILY, LOSSES, make_workspace

SUITES = ["validation", "ovo"]


def make(root, **options):
    make_workspace(root, **options)
    run_report(
        root / "artifacts/report",
        root=root,
        media=root / "data/media",
        families=[FAMILY],
        losses=LOSSES,
        seeds=[0],
        suites=SUITES,
    )
    return root


@pytest.fixture
def root(tmp_path):
    return make(tmp_path / "workspace")


def register(root, name="register"):
    out = root / name
    out.mkdir()
    return run(out, root=root, suites=SUITES), out


def failed(verdict):
    return [check["name"] for check in verdict["checks"] if not check["passed"]]


def test_a_sound_candidate_is_registered_with_files_and_receipts(root):
    verdict, out = register(root)
    assert (verdict["decision"], failed(verdict)) == ("register", [])
    assert verdict["candidate"]["model"] == "qwen2_5_vl-focal-0" and "champion" not in verdict
    assert sorted(verdict["files"]) == ["config.json", "model.safetensors", "streamo.json"]
    source = root / "models/qwen2_5_vl-focal-0/model.safetensors"
    assert (
        verdict["files"]["model.safetensors"] == sha256_file(source) == sha256_file(out / "model.safetensors")
    )
    assert (out / "model.safetensors").stat().st_ino != source.stat().st_ino
    assert not (out / "step-80").exists()
    for product in (
        "artifacts/annotations/tsqa-0",
        "artifacts/evaluation/qwen2_5_vl-focal-0-ovo",
        "models/base/qwen2_5_vl",
        "models/qwen2_5_vl-focal-0",
    ):
        copy = out / "receipts" / product / "identity.json"
        assert copy.read_bytes() == (root / product / "identity.json").read_bytes()
    assert read_json(out / "verdict.json") == verdict


def test_the_card_has_hub_metadata_and_the_scores(root):
    verdict, out = register(root)
    head, body = (out / "README.md").read_text().split("---\n", 2)[1:]
    metadata = yaml.safe_load(head)
    assert metadata["license"] == "apache-2.0" and metadata["library_name"] == "transformers"
    metrics = metadata["model-index"][0]["results"][0]["metrics"]
    forward = verdict["candidate"]["scores"]["groups"]["forward"]
    assert {"type": "accuracy", "name": "forward, percent", "value": forward["accuracy"]} in metrics
    assert f"| {forward['accuracy']} | {forward['interval'][0]} to {forward['interval'][1]} |" in body
    assert "Decision: **register**" in body
    assert "| train.lr | 0.001 |" in body and "with torch 2.13.0" in body and "teacher `world`" in body
    assert (
        f"| models/qwen2_5_vl-focal-0 | qwen2_5_vl-focal-0 | `{verdict['candidate']['identity'][:12]}` |"
        in body
    )
    assert "ovo `000000000000`, validation `000000000000`" in body


def test_a_base_from_the_hub_is_named_and_its_licence_is_not_claimed(root):
    write_json(root / "models/base/qwen2_5_vl/reference.json", {"repository": "Qwen/X", "revision": "abc"})
    _, out = register(root)
    metadata = yaml.safe_load((out / "README.md").read_text().split("---\n", 2)[1])
    assert metadata["base_model"] == "Qwen/X" and metadata["license"] == "other"


def test_same_inputs_same_bytes(root):
    register(root, "first")
    register(root, "second")
    assert sha256_tree(root / "first") == sha256_tree(root / "second")


def test_a_failed_gate_refuses_and_still_gives_a_product(root):
    path = root / "artifacts/validation/result.json"
    gate = read_json(path)
    gate["success"] = gate["rules"]["states_known"]["passed"] = False
    write_json(path, gate)
    verdict, out = register(root)
    assert verdict["decision"] == "refuse" and verdict["reasons"] == [
        "gate_passed: failed rules: states_known"
    ]
    assert (out / "model.safetensors").is_file() and "FAILED: gate passed" in (out / "README.md").read_text()


@pytest.mark.parametrize(
    "product",
    [
        "artifacts/corpus",
        "models/qwen2_5_vl-focal-0",
        "artifacts/evaluation/qwen2_5_vl-focal-0-ovo",
        "artifacts/annotations/tsqa-0",
    ],
)
def test_a_missing_receipt_refuses_and_is_named(root, product):
    (root / product / "identity.json").unlink()
    verdict, out = register(root)
    assert verdict["decision"] == "refuse" and verdict["reasons"] == [
        f"receipts_complete: missing: {product}"
    ]
    assert product not in verdict["receipts"] and not (out / "receipts" / product).exists()


def test_a_model_without_weights_refuses(root):
    (root / "models/qwen2_5_vl-focal-0/model.safetensors").unlink()
    verdict, _ = register(root)
    assert failed(verdict) == ["model_complete"]


def test_a_model_at_the_floor_is_refused(root):
    path = root / "artifacts/report/results.json"
    results = read_json(path)
    cell = results["models"]["qwen2_5_vl-focal-0"]["ovo"]["matched"]["comparison"]["forward"]
    cell["exceeds"], cell["interval"] = False, [30.0, 60.0]
    write_json(path, results)
    verdict, _ = register(root)
    assert failed(verdict) == ["forward_above_controls"]


def test_without_a_test_set_the_validation_floor_decides(tmp_path):
    root = make(tmp_path / "workspace", with_ovo=False)
    verdict, _ = register(root)
    assert [check["name"] for check in verdict["checks"]][-1] == "validation_above_floor"
    assert verdict["decision"] == "register"


@pytest.mark.parametrize(
    "source",
    [
        "artifacts/evaluation/qwen2_5_vl-focal-0-ovo/points.json",
        "artifacts/evaluation/qwen2_5_vl-focal-0-validation/scores.json",
        "artifacts/dataset/split.json",
    ],
)
def test_a_missing_result_refuses_and_is_named(root, source):
    (root / source).unlink()
    verdict, _ = register(root)
    assert verdict["decision"] == "refuse" and verdict["reasons"] == [
        f"evaluation_complete: missing: {source}"
    ]


def test_the_results_of_other_stages_are_copied_byte_for_byte(root):
    _, out = register(root)
    copies = {
        "evaluation/ovo/points.json": "artifacts/evaluation/qwen2_5_vl-focal-0-ovo/points.json",
        "evaluation/validation/scores.json": "artifacts/evaluation/qwen2_5_vl-focal-0-validation/scores.json",
        "validation.json": "artifacts/validation/result.json",
        "corpus/manifest.parquet": "artifacts/corpus/manifest.parquet",
        "dataset/split.json": "artifacts/dataset/split.json",
        "report/results.json": "artifacts/report/results.json",
    }
    for name, source in copies.items():
        assert (out / name).read_bytes() == (root / source).read_bytes()


def test_the_constant_floor_is_a_third_of_the_best_states_f1():
    confusion = {"silence": {"silence": 6}, "standby": {"silence": 3}, "response": {"silence": 1}}
    # always Silence: precision 6/10, recall 1, F1 = 12/16; the others 0
    assert constant_floor(confusion) == 25.0
