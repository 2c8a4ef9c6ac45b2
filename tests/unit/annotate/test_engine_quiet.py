"""Negatives on quiet footage: asked for in vain only what was looked for, with the answers that say so."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from components.annotate.engine.run import annotate_clips
from components.annotate.engine.section import Settings
from components.annotate.outcome import Outcome
from components.annotate.samples import Clip
from components.core.errors import UsageError
from components.protocol.convert import convert_sample
from tests.support import engine_run as engine
from tests.support.openai_server import serving
from tests.support.videos import plain

Told = engine.Told
BUSY, QUIET, LONG = Clip("busy.mp4", 10.0), Clip("quiet.mp4", 8.0), Clip("long.mp4", 40.0)
EVENTS = [
    {"start": 1.0, "end": 3.0, "text": "The ball dropped"},
    {"start": 4.0, "end": 6.0, "text": "A person jumped"},
]
NAMED = {"The ball dropped": ("ball dropped", "drop", "ball drop"), "A person jumped": ("jumped", "jump", "")}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "media").mkdir()
    for clip in (BUSY, QUIET, LONG):
        plain(folder / "media" / clip.video_id, seconds=int(clip.duration_s), rate=1)
    return folder


def caption(told: Told) -> Any:
    return {"events": EVENTS if told["duration_s"] == BUSY.duration_s else []}


def ground(told: Told) -> Any:
    """The busy clip's own events; elsewhere a jump that the captions missed, and nothing else."""
    spans = [e for e in EVENTS if e["text"] == told["caption"]] or [{"start": 4.0, "end": 6.0}]
    here = told["duration_s"] == BUSY.duration_s or told["caption"] == "jump"
    return {"spans": [{"start": spans[0]["start"], "end": spans[0]["end"]}] if here else []}


def rewrite(told: Told) -> Any:
    events = [
        {
            "number": e["number"],
            "keep": True,
            **dict(zip(("text", "group", "name"), NAMED[e["text"]], strict=True)),
        }
        for e in told["events"]
    ]
    return {"events": events, "absent": []}


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Any:
    numbers = itertools.count()

    def annotate(clips: list[Clip], *, quiet: int = 2) -> Outcome:
        said = {f"event_caption.{step.__name__}": step for step in (caption, ground, rewrite)}
        with serving(engine.scripted(said)) as server:
            outcome = annotate_clips(
                "event_caption",
                clips,
                engine.asker(server, tmp_path / str(next(numbers))),
                engine.looks(data),
                Settings(0.5, 32, 448, quiet),
                weights={"event_caption": 3.0},
                seed=0,
            )
            outcome.summary["asked"] = [engine.title_of(body) for body in server.bodies]
        return outcome

    return annotate


def of(outcome: Outcome, clip: Clip) -> list[Any]:
    return [label for label in outcome.labels if label["video_path"] == clip.video_id]


def test_a_quiet_clip_is_asked_for_what_other_clips_show_and_it_does_not(run):
    outcome = run([QUIET, BUSY])
    labels = of(outcome, QUIET)
    assert len(labels) == 3 and {label["kind"] for label in labels} == {"quiet"}
    assert all("the ball drop" in label["question"][0]["content"] for label in labels)
    assert len({label["question"][0]["time"] for label in labels}) == 3  # used again, it is asked for later
    for label in labels:
        dialogue = convert_sample(label, 8, duration_s=8.0)
        assert {turn.state.label for turn in dialogue.turns} == {"silence"} and not dialogue.quarantine
    assert [row["reason"] for row in outcome.quarantine] == ["absent_happens"]  # the jump
    assert outcome.summary["described"] == 2 and outcome.summary["dropped"] == {}
    assert outcome.summary["counts"]["quiet_clips"] == 1


def test_its_provenance_names_the_answers_that_did_not_find_it(run):
    outcome = run([QUIET, BUSY])
    row = next(row for row in outcome.answers if row["video_id"] == QUIET.video_id)
    assert row["looked_for"] == sorted(
        [
            {"text": "ball drop", "of": BUSY.video_id, "spans": []},
            {"text": "jump", "of": BUSY.video_id, "spans": [(4.0, 6.0)]},
        ],
        key=lambda one: row["looked_for"].index(one),
    )
    assert {step: len(keys) for step, keys in row["answers"].items()} == {
        "event_caption.caption": 1,
        "event_caption.ground": 2,
    }
    assert {label["provenance"]["answers"] for label in of(outcome, QUIET)} == {row["fingerprint"]}


def test_without_the_setting_it_stays_dropped_and_nothing_more_is_asked(run):
    outcome = run([QUIET, BUSY], quiet=0)
    assert of(outcome, QUIET) == [] and outcome.summary["dropped"] == {"nothing_captioned": 1}
    assert outcome.summary["asked"].count("event_caption.ground") == 2
    assert run([QUIET, BUSY]).summary["asked"].count("event_caption.ground") == 4
    assert list(outcome.labels) == of(run([QUIET, BUSY]), BUSY)


def test_a_clip_no_question_shows_whole_and_a_shard_without_events_give_none(run):
    outcome = run([LONG, BUSY])
    assert of(outcome, LONG) == [] and outcome.summary["counts"]["quiet_too_long"] == 1
    alone = run([QUIET])
    assert alone.labels == [] and alone.summary["dropped"] == {"nothing_captioned": 1}
    assert alone.answers[0]["looked_for"] == []


@pytest.mark.parametrize("value", [-1, 0.5, True, "x"])
def test_the_setting_is_a_whole_number(value):
    with pytest.raises(UsageError, match=r"annotate\.openai\.quiet"):
        Settings(0.5, 32, 448, value)
