"""`streamo drift`: new videos only, too few of them, live streams, broken logs, the page, helpful errors."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from components.cli.main import main
from components.core.errors import DataError, UsageError
from components.monitor.drift import Request, detect
from components.monitor.sessions import read_streams
from components.monitor.settings import Settings
from components.monitor.tables import Features, by_video, read_features
from components.protocol.turns import Dialogue
from tests.support.drifting import from_silence_to_standby, log_texts, other_source, resample, save

SETTINGS = Settings(permutations=200)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def reference(world: Features, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(resample(world, 120, "reference"), tmp_path_factory.mktemp("drift") / "reference")


def logs(folder: Path, texts: list[str]) -> list[Path]:
    paths = [folder / f"{number}.jsonl" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


def grown(reference: Path, world: Features, folder: Path, new: int) -> Path:
    """The reference's videos and `new` others, all of which moved."""
    old = read_features(reference)
    more = from_silence_to_standby(resample(world, new, "new"), 0.2)
    both = Features(
        "grown",
        pd.concat([old.samples, more.samples]),
        pd.concat([old.videos, more.videos]),
    )
    return save(both, folder / "grown")


def test_only_new_videos_are_compared(reference: Path, world: Features, tmp_path: Path) -> None:
    current = grown(reference, world, tmp_path, new=30)
    result = detect(Request(reference, current, only_new=True), SETTINGS).result
    assert result["data"]["current_videos"] == 30
    assert "state.silence" in {found["feature"] for found in result["found"]}


def test_a_source_for_each_video_is_one_category_of_others(world: Features) -> None:
    videos = world.videos.assign(source=[f"link {number}" for number in range(len(world.videos))])
    (rows,) = by_video(Features("links", world.samples, videos))
    assert rows["video_source"].nunique() == 13
    assert rows["video_source"].value_counts()["other"] == len(videos) - 12


@pytest.mark.parametrize("new", [0, 19])
def test_too_few_new_videos_are_undecided_never_no_drift(
    new: int, reference: Path, world: Features, tmp_path: Path
) -> None:
    result = detect(
        Request(reference, grown(reference, world, tmp_path, new), only_new=True), SETTINGS
    ).result
    assert result["drifted"] is None
    assert result["undecided"] == {"data": f"current has {new} new videos; at least 20 are needed"}
    assert result["features"] == {}


def test_streams_that_do_as_the_samples_say_are_no_drift(
    reference: Path, dialogues: list[Dialogue], tmp_path: Path
) -> None:
    sessions = logs(tmp_path, log_texts(dialogues, 40, "live"))
    result = detect(Request(reference, sessions=sessions), SETTINGS).result
    assert result["drifted"] is False
    assert result["not_compared"]["sessions.brightness"] == "not in a session log"
    assert "no probabilities" in result["not_compared"]["sessions.probability.response"]


def test_streams_that_became_silent_are_found(
    reference: Path, dialogues: list[Dialogue], tmp_path: Path
) -> None:
    silent = log_texts(dialogues, 12, "silent", silent=True)
    sessions = logs(tmp_path, log_texts(dialogues, 12, "live") + silent)
    result = detect(Request(reference, sessions=sessions), SETTINGS).result
    found = {entry["feature"]: entry for entry in result["found"]}
    assert {"sessions.state.silence", "sessions.answered"} <= set(found)
    assert found["sessions.answered"]["current"] < 0.55 < 0.9 < found["sessions.answered"]["reference"]


def test_former_sessions_as_reference_let_probabilities_be_compared(
    reference: Path, dialogues: list[Dialogue], tmp_path: Path
) -> None:
    former = logs(tmp_path, log_texts(dialogues, 30, "former"))
    (tmp_path / "now").mkdir()
    now = logs(tmp_path / "now", log_texts(dialogues, 10, "now", silent=True))
    result = detect(Request(reference, sessions=now, reference_sessions=former), SETTINGS).result
    assert "sessions.probability.silence" in {found["feature"] for found in result["found"]}
    assert result["sessions"]["reference_streams"] == 30


def test_a_broken_line_is_set_aside_with_its_reason(dialogues: list[Dialogue], tmp_path: Path) -> None:
    lines = log_texts(dialogues, 1)[0].splitlines(keepends=True)
    torn, wrong = lines[3][:20] + "\n", lines[4].replace('"turn"', '"round"')
    path = tmp_path / "live.jsonl"
    path.write_text("".join([*lines[:3], torn, wrong, *lines[5:8], lines[6], *lines[9:]]))
    streams = read_streams([path])
    assert streams.reasons() == {"bad_record": 1, "not_json": 1, "turn_repeated": 1}
    assert [row.id for row in streams.quarantine] == [f"{path}:{number}" for number in (4, 5, 9)]
    assert streams.missing == 3
    assert streams.turns == len(lines) - 3


def test_a_log_may_hold_several_streams(dialogues: list[Dialogue], tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_text("".join(log_texts(dialogues, 3)))
    assert len(read_streams([path]).records) == 3


def test_what_cannot_be_compared_is_an_error_that_helps(reference: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(DataError, match=r"no usable turn \(no_turns 1\).*streamo stream --json"):
        detect(Request(reference, sessions=[empty]), SETTINGS)
    with pytest.raises(DataError, match="cannot be read"):
        detect(Request(reference, sessions=[tmp_path / "none.jsonl"]), SETTINGS)
    with pytest.raises(DataError, match="dvc repro features"):
        detect(Request(tmp_path / "none", reference), SETTINGS)
    (tmp_path / "half").mkdir()
    (tmp_path / "half/samples.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match=r"samples\.parquet: not a readable parquet file"):
        detect(Request(reference, tmp_path / "half"), SETTINGS)
    with pytest.raises(UsageError, match="nothing to compare"):
        detect(Request(reference), SETTINGS)


def test_the_command_writes_a_page_that_loads_nothing_and_a_result(
    reference: Path,
    world: Features,
    dialogues: list[Dialogue],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    current = save(other_source(resample(world, 100, "moved"), 0.2), tmp_path / "current")
    sessions = logs(tmp_path, [*log_texts(dialogues, 8), "no json\n"])
    out = tmp_path / "out"
    words = ["--reference", str(reference), "--current", str(current), "--out", str(out)]
    assert main(["drift", *words, "--sessions", *map(str, sessions), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "drift.json").read_text())
    assert printed["drifted"] is True
    assert printed["sessions"]["quarantined"] == {"no_turns": 1, "not_json": 1}
    assert printed["data"]["rate"] == printed["sessions"]["rate"] == printed["rate"] / 2
    for page in ("data.html", "sessions.html"):
        html = (out / page).read_text()
        assert "Drift is detected for" in html
        assert re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//", html) == []
    assert main(["drift", *words[:4], "--only-new", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("drift: ")
    assert "video_source: " in said and "street 0.0 % -> 20.0 %" in said
    assert not (out / "sessions.html").exists(), "a page of an earlier call does not stay"
