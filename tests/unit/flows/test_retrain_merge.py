"""JSON files of a source merged into those of the data."""

from flows.retraining.merge import merge_rows, merge_sources


def labels(ours: list[object], theirs: list[object], refused: tuple[str, ...] = ()) -> object:
    return merge_rows("labels.json", ours, theirs, video_key="video_path", refused=refused)


def test_new_rows_follow_equal_ones_count_and_known_ids_are_not_replaced() -> None:
    ours = [{"id": "b", "x": 1}, {"id": "a", "x": 1}]
    merged = labels(ours, [{"id": "a", "x": 1}, {"id": "b", "x": 2}, {"id": "c", "x": 3}, "odd"])
    assert merged.value == [*ours, {"id": "c", "x": 3}]
    assert (merged.new, merged.present) == (1, 1)
    assert [(row["id"], row["reason"]) for row in merged.quarantine] == [
        ('labels.json/"b"', "id_taken"),
        ('labels.json/"odd"', "malformed"),
    ]


def test_merging_again_changes_nothing() -> None:
    theirs = [{"id": "a"}, {"x": "without id"}, {"x": "without id"}]
    once = labels([], theirs)
    again = labels(once.value, theirs)
    assert again.value == once.value == [{"id": "a"}, {"x": "without id"}]
    assert (again.new, again.present) == (0, 3)


def test_a_number_and_a_text_are_two_ids() -> None:
    assert labels([{"id": 1}], [{"id": "1"}]).new == 1


def test_rows_about_a_refused_video_are_not_taken() -> None:
    merged = labels([], [{"id": "a", "video_path": "train/x.mp4"}], refused=("train/x.mp4",))
    assert merged.value == []
    assert merged.quarantine[0]["reason"] == "video_quarantined"


OURS = {"source": "ours", "licence": "CC0-1.0"}
THEIRS = {"source": "theirs", "licence": "CC-BY-4.0"}


def test_their_default_is_written_out_for_their_videos_only() -> None:
    merged = merge_sources(
        {"*": OURS}, {"*": THEIRS, "b.mp4": OURS}, new_videos=["a.mp4", "b.mp4"], refused=()
    )
    assert merged.value == {"*": OURS, "a.mp4": THEIRS, "b.mp4": OURS}


def test_our_default_is_never_claimed_for_a_video_nobody_speaks_of() -> None:
    merged = merge_sources({"*": OURS}, {}, new_videos=["web/a.mp4", "b.mp4"], refused=())
    assert merged.value["web/a.mp4"] == {"source": "web", "licence": "not stated"}
    assert merged.value["b.mp4"] == {"source": "not stated", "licence": "not stated"}


def test_an_equal_default_needs_no_entry() -> None:
    assert merge_sources({"*": OURS}, {"*": OURS}, new_videos=["a.mp4"], refused=()).new == 0


def test_another_licence_for_a_known_video_is_refused() -> None:
    merged = merge_sources(
        {"a.mp4": OURS}, {"a.mp4": THEIRS, "x.mp4": THEIRS}, new_videos=[], refused=["x.mp4"]
    )
    assert merged.value == {"a.mp4": OURS}
    assert {row["reason"] for row in merged.quarantine} == {"id_taken", "video_quarantined"}
