"""Profiles: merged into params.yaml with its comments, said value by value."""

import re
from pathlib import Path

import pytest
import yaml

from components.cli.main import main
from components.cli.profile import _check, apply_profile
from components.core.errors import InternalError, UsageError

ROOT = Path(__file__).resolve().parents[3]
PARAMS = """# head
seed: 0
train:            # how
  methods:
  - ce
  - focal
  steps: 300      # long
  betas: [0.9, 0.98]
name: "quoted"
none: null
"""


def test_only_the_changed_lines_change() -> None:
    text, changes = apply_profile(PARAMS, "train: {steps: 6, methods: [ce]}\nextra: {a: 1}\n")
    assert changes == [
        "train.steps: 300 -> 6",
        "train.methods: ['ce', 'focal'] -> ['ce']",
        "extra: {'a': 1} (new)",
    ]
    assert text.endswith("none: null\nextra: {a: 1}\n")
    assert "# head\n" in text and "steps: 6        # long" in text and 'name: "quoted"' in text
    assert yaml.safe_load(text)["train"] == {"methods": ["ce"], "steps": 6, "betas": [0.9, 0.98]}
    assert "betas: [0.9, 0.98]\n" in text


def test_applying_twice_changes_nothing_more() -> None:
    once, _ = apply_profile(PARAMS, "seed: 4")
    assert apply_profile(once, "seed: 4") == (once, [])
    assert apply_profile(PARAMS, "train: {steps: 300}") == (PARAMS, [])


def test_a_profile_is_a_mapping() -> None:
    with pytest.raises(UsageError, match="a mapping"):
        apply_profile(PARAMS, "- 1")


def comments_closed_up(text: str) -> str:
    return re.sub(" +#", " #", text)


PROFILES = sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml"))


@pytest.mark.parametrize("name", PROFILES)
def test_tiny_brings_the_committed_values_back(name: str) -> None:
    tiny = (ROOT / "profiles/tiny.yaml").read_text()
    base, _ = apply_profile((ROOT / "params.yaml").read_text(), tiny)
    changed, _ = apply_profile(base, (ROOT / f"profiles/{name}.yaml").read_text())
    back, _ = apply_profile(changed, tiny)
    assert comments_closed_up(back) == comments_closed_up(base), "comments stay, their column may move"


@pytest.mark.parametrize("name", PROFILES)
def test_a_committed_profile_invents_no_key(name: str) -> None:
    _, changes = apply_profile(
        (ROOT / "params.yaml").read_text(), (ROOT / f"profiles/{name}.yaml").read_text()
    )
    assert [change for change in changes if change.endswith("(new)")] == []


def test_the_command_writes_params_and_prints_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/small.yaml").write_text("train: {steps: 6}\n")
    (tmp_path / "params.yaml").write_text(PARAMS)
    assert main(["profile", "small"]) == 0
    assert capsys.readouterr().out == "train.steps: 300 -> 6\n"
    assert main(["profile", "small"]) == 0
    assert "has these values already" in capsys.readouterr().out
    assert "steps: 6        # long" in (tmp_path / "params.yaml").read_text()


COMMENTED = """evaluate:
  suites:          # after which a long list comes
  - validation
  - ovo
  exchanged: true  # a remark
endpoints:         # another
  judge:           # and one more
    url: http://127.0.0.1:8000/v1
    model: judge
"""


def test_a_list_on_one_line_takes_the_place_of_a_commented_one() -> None:
    text, changes = apply_profile(COMMENTED, "evaluate:\n  suites: [validation]\n")
    assert yaml.safe_load(text) == yaml.safe_load(COMMENTED) | {
        "evaluate": {"suites": ["validation"], "exchanged": True}
    }
    assert len(changes) == 1


def test_a_text_that_means_something_else_is_never_written() -> None:
    with pytest.raises(InternalError, match="by hand"):
        _check("evaluate: [ovo]\n", {"evaluate": ["validation"]})
    with pytest.raises(InternalError, match="by hand"):
        _check("url: http://127.0.0.1:8000/v1 model: judge\n", {"url": "http://127.0.0.1:8000/v1"})
