"""`streamo plan --stage train`: what asks for the training plan, its output and exit codes."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.cli import plan_train
from components.cli.main import build_parser, main
from components.core.errors import UsageError

ROOT = Path(__file__).resolve().parents[3]


def arguments(*words: str) -> argparse.Namespace:
    return build_parser("plan").parse_args(["plan", *words])


def test_only_its_flags_ask_for_the_training_plan() -> None:
    assert not plan_train.asked(arguments("--stage", "train"))
    assert plan_train.asked(arguments("--stage", "train", "--gpu", "h100"))
    with pytest.raises(UsageError, match="--gpus belongs to the training plan: add --stage train"):
        plan_train.asked(arguments("--gpus", "8"))


def test_the_command_is_light() -> None:
    code = "from components.cli import plan; import sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_profile_by_name_or_file_changes_no_file(tmp_path: Path) -> None:
    before = (ROOT / "params.yaml").read_text()
    mine = tmp_path / "mine.yaml"
    mine.write_text("train: {token_budget: 2048, zero_stage: 2}\n")
    plan = plan_train.make(arguments("--profile", str(mine), "--gpus", "2"), ROOT)
    assert (plan.settings.budget, plan.settings.recipe.zero_stage, plan.settings.gpus) == (2048, 2, 2)
    assert plan_train.make(arguments("--profile", "tiny"), ROOT).fits
    assert (ROOT / "params.yaml").read_text() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--profile", "nothing"], "no profile 'nothing'; known: "),
        (["--profile", "nowhere/x.yaml"], "no such file"),
        (["--gpus", "0"], "--gpus and --samples are at least 1"),
        (["--mfu", "1.5"], "--mfu above 0 up to 1"),
        (["--gpu", "abacus"], "--gpu abacus: expected one of"),
    ],
)
def test_wrong_use_is_named(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan_train.make(arguments(*words), ROOT)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("train: {rules: released}", "released has no loss 'ce', expected focal alone"),
        ("train: {rules: released, methods: [focal], gamma: 1.0}", "train.gamma: 1.0, expected 2.0"),
        ("train: {rules: old}", "train.rules: 'old', expected corrected or released"),
        ("base: {kind: reference}", "base.references.qwen2_5_vl: no entry"),
    ],
)
def test_a_plan_of_what_would_not_run_is_refused(tmp_path: Path, overlay: str, message: str) -> None:
    (tmp_path / "mine.yaml").write_text(overlay)
    with pytest.raises(UsageError, match=message):
        plan_train.make(arguments("--profile", str(tmp_path / "mine.yaml")), ROOT)


def test_the_released_rules_are_planned_for_their_loss(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("train: {rules: released, methods: [focal]}")
    plan = plan_train.make(arguments("--profile", str(tmp_path / "mine.yaml")), ROOT)
    assert plan.settings.recipe.rules == "released" and plan.fits


def test_a_plan_that_cannot_fit_is_printed_and_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    flags = ["plan", "--stage", "train", "--profile", "paper-7b", "--gpu", "h200", "--gpus", "1"]
    assert main(flags) == 1
    out = capsys.readouterr().out
    assert "\nmemory of one card " in out and "\ndoes not fit: " in out
    assert "\nwould fit with train.offload: true: " in out
    assert main([*flags, "--price", "2", "--samples", "1000", "--json"]) == 1
    both = json.loads(capsys.readouterr().out)
    plan = both["train"]
    assert {step["address"].partition("@")[0] for step in both["steps"]} >= {"dataset", "base", "train"}
    assert (plan["fits"], plan["samples"], plan["steps"], plan["price_per_card_hour"]) == (
        False,
        1000,
        2,
        2.0,
    )
    assert plan["cost"] == pytest.approx(2 * plan["hours"], rel=0.01)
    assert plan["remedy"]["changes"] == ["train.offload: true"]
    assert plan["remedy"]["memory"]["needed"] <= plan["memory"]["card"] < plan["memory"]["needed"]


def test_a_plan_that_fits_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["plan", "--stage", "train", "--profile", "paper-3b", "--gpus", "8"]) == 0
    out = capsys.readouterr().out
    assert "GB of each card stay free" in out and "training plan: qwen2_5_vl on 8 x h200" in out
