"""An imported file as the labels of a corpus (`annotate.teacher: labels`): videos, import, stages, turns."""

import json

import pytest

from components.annotate.importer import TASKS
from components.annotate.settings import Settings, annotate_shard, ground_shard
from components.cli.main import main
from components.protocol.dialogues import run as make_dialogues
from components.protocol.tables import read_samples
from components.video.corpus import run as probe_corpus
from components.video.limits import Limits
from tests.support import clips

OWN = """video,task,question,question_time,answer,start,end,time,sample
activitynet/v_a.mp4,event_caption,describe,,a dog,1,2,,one
activitynet/v_a.mp4,event_caption,describe,,a cat,3,3.5,,one
activitynet/v_b.mp4,event_grounding,find: a bird,,,1,4,,
activitynet/v_b.mp4,offline_qa,what is it?,2,a bird,,,,
activitynet/v_c.mp4,tsqa,what now?,,a fish,,,2,
activitynet/v_gone.mp4,tsqa,what now?,,a fish,,,2,
"""


@pytest.fixture
def settings(tmp_path):
    media = tmp_path / "data/media"
    (media / "activitynet").mkdir(parents=True)
    for name, seconds in (("a", 4), ("b", 6), ("c", 3)):
        clips.save(media / f"activitynet/v_{name}.mp4", clips.pictures(name, seconds))
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    nothing = {"benchmark": tmp_path / "none.json", "sources": tmp_path / "none.json"}
    probe_corpus(corpus, media=media, limits=Limits(), **nothing)
    return Settings(
        teacher="labels",
        labels=tmp_path / "data/labels.json",
        media=media,
        manifest=corpus / "manifest.parquet",
        weights={},
        shard=0,
        shards=[0],
        seed=0,
    )


def stages(settings, out):
    """What stages annotate and ground leave, written below `out`."""
    outcomes = {task: annotate_shard(task, settings) for task in TASKS if task != "event_grounding"}
    outcomes["event_grounding"] = ground_shard(out / "unused", settings)
    for task, outcome in outcomes.items():
        (out / f"{task}-0").mkdir(parents=True)
        outcome.write(out / f"{task}-0")
    return outcomes


def test_a_public_set_becomes_the_labels_of_a_corpus(settings, tmp_path):
    rows = {
        name: {"duration": seconds, "timestamps": [[0, 1.5], [1, seconds]], "sentences": ["first", "then"]}
        for name, seconds in (("v_a", 4), ("v_b", 6), ("v_elsewhere", 5))
    }
    (tmp_path / "train.json").write_text(json.dumps(rows))
    assert main(["import", "activitynet_captions", str(tmp_path / "train.json"), str(settings.labels)]) == 0
    outcomes = stages(settings, tmp_path / "out")
    assert {task: len(outcome.labels) for task, outcome in outcomes.items() if outcome.labels} == {
        "event_caption": 2
    }
    aside = [(row["id"], row["reason"]) for outcome in outcomes.values() for row in outcome.quarantine]
    assert aside == [("event_caption-activitynet/v_elsewhere.mp4-0", "unknown_video")]


def test_own_rows_of_several_tasks_reach_the_turn_table(settings, tmp_path):
    (tmp_path / "mine.csv").write_text(OWN)
    assert main(["import", "csv", str(tmp_path / "mine.csv"), str(settings.labels)]) == 0
    outcomes = stages(settings, tmp_path / "out")
    assert [row["reason"] for outcome in outcomes.values() for row in outcome.quarantine] == ["unknown_video"]
    turns = tmp_path / "turns"
    turns.mkdir()
    summary = make_dialogues(
        turns, sorted((tmp_path / "out").iterdir()), settings.manifest, rules="corrected", fps=1.0
    )
    assert summary["samples"] == 4 and summary["counts"]["placed"] == summary["counts"]["responses_in"] == 5
    told = {
        dialogue.task: [(turn.turn, turn.text) for turn in dialogue.turns if turn.text]
        for dialogue in read_samples([turns / "turns.parquet"])
    }
    assert told == {
        "event_caption": [(2, "a dog"), (3, "a cat")],
        "event_grounding": [(4, "from 1s to 4s")],
        "offline_qa": [(2, "a bird")],
        "tsqa": [(2, "a fish")],
    }
