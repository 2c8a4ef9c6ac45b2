"""Long samples become windows: what a stream holds at that point, each turn learnt once, nothing dropped."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.model.encode import IGNORE, encode_tokens
from components.model.families.registry import FAMILIES
from components.model.features import Seen
from components.model.tiny import new_adapter
from components.protocol.states import State
from components.protocol.turns import SYSTEM_PROMPT, Dialogue, Turn
from components.protocol.windows import window
from components.train.data import encode_draw
from components.train.labels import label_counts, sum_labels
from components.train.order import Draw, Sample
from components.train.sizes import Measure
from components.train.windows import Sizes, cut, stride

SETTINGS = settings(max_examples=300, deadline=None, derandomize=True)
GRIDS = [((1, 4, 4),)]  # four visual tokens
SAID = {7: "the lamp turned red", 20: "red, green, blue", 33: "from 3s to 6s"}
ASKED = {0: ("what color is the lamp?",), 12: ("red, green, blue", "the lamp?"), 30: ("from 3s to 6s",)}


@pytest.fixture(scope="module", params=FAMILIES)
def adapter(request):
    words = [SYSTEM_PROMPT, *SAID.values(), *(question for asked in ASKED.values() for question in asked)]
    return new_adapter(words, 0, family=request.param, states=True)


@pytest.fixture(scope="module")
def dialogue():
    """40 turns with questions on turns 0, 12 (two) and 30, and three answers."""
    turns = [
        Turn(
            i,
            ASKED.get(i, ()),
            State.RESPONSE if i in SAID else State.STANDBY if i % 5 else State.SILENCE,
            SAID.get(i),
        )
        for i in range(40)
    ]
    return Dialogue("long", "train/a.mp4", "tsqa", "world", 40.0, turns)


def measured(adapter, dialogue, offset):
    return Measure(adapter, lambda video_id: (56, 56)).sizes(dialogue, offset)


def drawn(adapter, dialogue, offset, **options):
    """The windows of a dialogue as tokens, each with its span."""
    sizes = measured(adapter, dialogue, offset)
    spans, _ = cut(sizes, **options)
    out = []
    for span in spans:
        seen = Seen((), tuple(GRIDS * (span.last - span.first + 1)))
        out.append(
            (span, encode_draw(adapter, dialogue, Draw(Sample(0, offset), span, sizes.learnt(span)), seen))
        )
    return out


# --- what a stream holds ------------------------------------------------------------------------------------


def test_a_window_keeps_the_questions_of_turns_that_left(dialogue):
    held = window(dialogue.turns, 24, 10)
    assert [turn.turn for turn in held] == list(range(15, 25))
    assert held[0].questions == ("what color is the lamp?", "red, green, blue", "the lamp?")
    assert held[1:] == dialogue.turns[16:25] and held[0].state == dialogue.turns[15].state
    assert window(dialogue.turns, 24, 25) == window(dialogue.turns, 24, 99) == dialogue.turns[:25]
    assert window(dialogue.turns, 12, 1)[0].questions == (*ASKED[0], *ASKED[12])  # standing ones come first


def test_a_windows_tokens_are_those_of_a_stream_that_evicted(adapter, dialogue):
    """Fed turn by turn: the pinned prefix and questions, then the last turns without their evicted heads."""
    offset, last, width = 57, 24, 10
    fed, previous = [], None
    for place, turn in enumerate(window(dialogue.turns, last, width)):
        fed += adapter.turn_ids(turn.questions, turn.turn, offset, [4], previous=previous)
        if not place:
            head = [*adapter.prefix_ids(), *adapter.layout.user_head]
            asked = [token for q in (*ASKED[0], *ASKED[12]) for token in adapter.text_ids(f"{q}\n")]
            evicted = adapter.turn_ids(
                (), 15, offset, [4], previous=[]
            )  # how turn 15 was fed: tail, header, tag
            kept = evicted[len(adapter.layout.tail) + len(adapter.layout.user_head) :]
            assert fed == [*head, *asked, *kept]
        previous = adapter.answer_ids(turn.state, turn.text)
    ((span, tokens),) = [
        pair for pair in drawn(adapter, dialogue, offset, budget=300, width=width) if pair[0].last == last
    ]
    assert (span.first, span.last) == (15, 24)
    assert tokens.input_ids.tolist()[: len(fed)] == fed
    assert "<72s-73s>" in adapter.decode(fed)  # its own time tag


# --- cutting ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0, 7, 95, 397])
def test_sizes_are_the_tokens_that_are_made(adapter, dialogue, offset):
    sizes = measured(adapter, dialogue, offset)
    whole = encode_tokens(adapter, dialogue, GRIDS * 40, offset)
    assert sizes.total == len(whole.input_ids)
    for span, tokens in drawn(adapter, dialogue, offset, budget=280, width=12, phase=3):
        assert len(tokens.input_ids) == span.tokens <= 280


@pytest.mark.parametrize("offset", [0, 397])
def test_labels_are_counted_before_they_are_made(adapter, dialogue, offset):
    """Whole, in windows, and where an answer is written in state tokens: those stay plain characters."""
    spoken = replace(dialogue.turns[20], text="</Silence> </Response>")
    foreign = replace(dialogue, turns=[*dialogue.turns[:20], spoken, *dialogue.turns[21:]])
    for said in (dialogue, foreign):
        sizes = measured(adapter, said, offset)
        windows = drawn(adapter, said, offset, budget=330, width=12, phase=3)
        for span, tokens in [*windows, *drawn(adapter, said, offset, budget=sizes.total, width=12)]:
            assert sizes.learnt(span) == label_counts(tokens.labels[None], adapter.state_ids)
        assert len(windows) > 4 and sum_labels(sizes.learnt(span) for span, _ in windows)[:3] == (7, 30, 3)


@pytest.mark.parametrize("phase", [0, 1, 4])
def test_every_turn_is_learnt_in_exactly_one_window(adapter, dialogue, phase):
    whole = encode_tokens(adapter, dialogue, GRIDS * 40)
    windows = drawn(adapter, dialogue, 0, budget=300, width=10, phase=phase)
    assert len(windows) > 5
    learnt = [label for _, tokens in windows for label in tokens.labels.tolist() if label != IGNORE]
    assert learnt == [label for label in whole.labels.tolist() if label != IGNORE]
    for before, (span, _) in pairwise(windows):
        assert span.learn == before[0].last + 1
        assert span.learn - span.first >= 5 and span.last - span.first == 9  # half the window is context


def test_a_sample_within_the_budget_is_one_sequence(adapter, dialogue):
    sizes = measured(adapter, dialogue, 0)
    (span,), skipped = cut(sizes, budget=sizes.total, width=10, phase=4)
    assert (span.first, span.last, span.learn, skipped) == (0, 39, 0, [])


def test_a_turn_above_the_budget_is_skipped_and_named(adapter, dialogue):
    long = replace(dialogue.turns[20], text=" ".join(["the lamp turned red"] * 60))
    sizes = measured(adapter, replace(dialogue, turns=[*dialogue.turns[:20], long, *dialogue.turns[21:]]), 0)
    spans, skipped = cut(sizes, budget=200, width=10)
    assert skipped == [20]
    assert not any(span.first <= 20 <= span.last for span in spans)
    assert sorted(t for span in spans for t in range(span.learn, span.last + 1)) == [
        *range(20),
        *range(21, 40),
    ]


@st.composite
def samples(draw):
    asked = draw(st.lists(st.sampled_from([0, 0, 0, 3, 9]), min_size=1, max_size=60))
    own = draw(st.lists(st.integers(5, 40), min_size=len(asked), max_size=len(asked)))
    return Sizes(4, tuple(map(sum, zip(asked, own, strict=True))), tuple(asked))


@given(samples(), st.integers(20, 400), st.integers(1, 20), st.integers(0, 100))
@SETTINGS
def test_any_sample_is_cut_without_loss(sizes, budget, width, phase):
    count = len(sizes.turns)
    spans, skipped = cut(sizes, budget=budget, width=width, phase=phase % stride(width))
    learnt = [turn for span in spans for turn in range(span.learn, span.last + 1)]
    assert sorted([*learnt, *skipped]) == list(range(count))
    for span in spans:
        assert 0 <= span.first <= span.learn <= span.last < count
        assert span.tokens == sizes.window(span.first, span.last) <= budget
        assert sizes.total <= budget or span.last - span.first < width
    assert all(sizes.window(turn, turn) > budget for turn in skipped)
