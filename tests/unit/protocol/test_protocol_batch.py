"""Many labels: ids, lengths, duplicates, the tally that balances."""

import pytest
from protocol_labels import event, instant, label

from components.protocol import reasons
from components.protocol.batch import Tally, VideoLength, place_all, share_lines, with_ids
from components.protocol.labels import LabelError


def lengths(video_id):
    if video_id != "v.mp4":
        raise LabelError(reasons.UNKNOWN_VIDEO, f"{video_id!r} is not known")
    return VideoLength(9.5, frames=285, fps=30.0)


def test_labels_without_id_are_numbered_and_what_is_no_label_is_refused():
    labels = with_ids([label([0], [], id="own"), label([0], [], id=""), {"video_path": "v.mp4"}, "nonsense"])
    assert [raw["id"] for raw in labels] == ["own", "test-v.mp4-1", "unknown-v.mp4-2", "unknown-unknown-3"]
    tally = Tally()
    assert len(list(tally.watch(place_all(labels, lengths)))) == 2
    assert tally.samples_quarantined == {"no_question": 1, "malformed": 1}


def test_the_first_of_equal_ids_stays():
    first, second = label([0], [event(1, 2)]), label([0], [event(3, 4)])
    tally = Tally()
    (kept,) = tally.watch(place_all([first, second], lengths))
    assert [item.text for item in kept.head.events] == ["1-2"]
    assert tally.rows() == [
        {"id": "x", "reason": "duplicate_id", "detail": tally.rows()[0]["detail"]},
    ]
    assert tally.counts.quarantined == {"duplicate_id": 1}


def test_an_unknown_video_sets_the_sample_aside():
    tally = Tally()
    assert list(tally.watch(place_all([label([0], [event(1, 2)], video_path="w.mp4")], lengths))) == []
    assert tally.samples_quarantined == {"unknown_video": 1}
    assert tally.counts.balanced()


def test_the_summary_balances_samples_questions_responses_and_turns():
    labels = [
        label([0], [event(1, 3), event(2, 1)], id="a", task_type="one"),
        label([0], [instant(4)], id="b", task_type="two"),
        label([11], [instant(4)], id="c", task_type="two"),
    ]
    tally = Tally()
    turns = sum(len(placed.states) for placed in tally.watch(place_all(labels, lengths)))
    summary = tally.summary()
    assert summary["samples_in"] == summary["samples"] + sum(summary["samples_quarantined"].values()) == 3
    assert summary["turns"] == turns == 20
    assert summary["tasks"]["one"] == {
        "samples": 1, "turns": 10, "shares": {"silence": 0.7, "standby": 0.2, "response": 0.1},
    }  # fmt: skip
    assert summary["shares"] == {"silence": 0.8, "standby": 0.1, "response": 0.1}
    counts = summary["counts"]
    assert counts["responses_in"] == 4 == counts["placed"] + sum(counts["quarantined"].values())
    assert counts["quarantined"] == {"ends_before_start": 1, "question_after_end": 1}
    assert [line.split()[0] for line in share_lines(summary)] == ["all", "one", "two"]
    assert share_lines(summary)[0].endswith("80.0 / 10.0 / 10.0 %")


def test_an_empty_run_has_a_summary():
    summary = Tally().summary()
    assert (summary["samples"], summary["turns"]) == (0, 0)
    assert summary["shares"] == {"silence": 0.0, "standby": 0.0, "response": 0.0}


@pytest.mark.parametrize(
    ("length", "rules", "fps", "turns"),
    [
        (VideoLength(9.5), "corrected", 1.0, 10),
        (VideoLength(9.5), "corrected", 2.0, 10),
        (VideoLength(0.2), "corrected", 1.0, 1),
        (VideoLength(10.0000001), "corrected", 1.0, 10),
        (VideoLength(9.5, 285, 30.0), "released", 1.0, 9),
        (VideoLength(9.5, 285, 30.0), "released", 2.0, 19),
        (VideoLength(10.01, 300, 29.97), "released", 1.0, 10),  # integer stride 29
        (VideoLength(0.5, 15, 30.0), "released", 1.0, 0),
        (VideoLength(9.5, 9, 0.9), "released", 1.0, 9),  # the stride is at least one frame
        (VideoLength(9.5), "released", 1.0, 9),
        (VideoLength(76.0, turns=76), "released", 2.0, 76),
    ],
)
def test_number_of_turns(length, rules, fps, turns):
    assert length.num_turns(rules, fps) == turns
