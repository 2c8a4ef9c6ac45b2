"""Whatever people decide, in any order: every review is counted once, every label kept or set aside."""

import hypothesis.strategies as st
from hypothesis import given

from components.annotate.reviews import Review, apply, label_sha256

LABELS = [
    {
        "id": f"tsqa-a.mp4-{number}",
        "video_path": "a.mp4",
        "task_type": "tsqa",
        "question": [{"content": "how many?", "time": 0}],
        "response": [{"content": str(number), "st_time": 1, "end_time": 2, "time": ""}],
    }
    for number in range(3)
]
FIXES = [[], [{"content": "x", "st_time": "", "end_time": "", "time": 3}], LABELS[0]["response"]]
SHAS = [label_sha256({**label, "response": fix}) for label in LABELS for fix in [label["response"], *FIXES]]


@st.composite
def reviews(draw):
    """A review of one of the labels, as made or as some fix leaves it, or of none."""
    verdict = draw(st.sampled_from(["approve", "fix", "reject"]))
    return Review(
        label=draw(st.sampled_from([*(label["id"] for label in LABELS), "nobody's"])),
        sha256=draw(st.sampled_from([*SHAS, "0" * 64])),
        verdict=verdict,
        response=tuple(draw(st.sampled_from(FIXES))) if verdict == "fix" else (),
        reviewer=draw(st.sampled_from(["ann", "bea"])),
        date="2026-11-23T04:10:00Z",
        note="",
    )


def dated(found):
    """Each at a second of its own, so that the order of lines tells nothing."""
    return [
        Review(**{**one.line(), "response": one.response, "date": f"2026-11-23T04:10:{second:02}Z"})
        for second, one in enumerate(found)
    ]


@given(st.lists(reviews(), max_size=12), st.randoms(use_true_random=False))
def test_reviews_and_labels_are_conserved_in_any_order_of_lines(found, random):
    given_reviews = dated(found)
    done = apply(LABELS, given_reviews, {"a.mp4": 10.0})
    counts = done.summary()
    decided = sum(sum(words.values()) for words in counts["verdicts"].values())
    assert decided == counts["applied"] + counts["superseded"]
    assert decided + counts["review_stale"] + counts["review_of_unknown_label"] == len(found)
    names = [label["id"] for label in done.labels] + [name for name, _ in done.rejected]
    assert sorted(names) == [label["id"] for label in LABELS]
    assert counts["applied"] == len(done.rejected) + sum("review" in label for label in done.labels)
    shuffled = random.sample(given_reviews, len(given_reviews))
    again = apply(LABELS, shuffled, {"a.mp4": 10.0})
    assert (again.labels, again.rejected, again.summary()) == (done.labels, done.rejected, counts)
