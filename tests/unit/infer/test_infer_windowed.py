"""A stream of limited memory decides what a stream that saw only its window would decide."""

import pytest
import torch

from components.core.errors import UsageError
from components.infer.session import Past, StreamSession
from components.infer.windowed import WindowedSession
from components.protocol.states import STATES
from tests.support.streams import noise_video

WIDTH = 6


def rows(adapter, images):
    out = []
    for image in images:
        pixels, grids = adapter.encode_frame([image])
        out.append((adapter.features(pixels, grids), grids))
    return out


def live(adapter, video, asks=None, width=WIDTH):
    session = WindowedSession(adapter, width=width, max_new_tokens=3)
    turns = []
    for number, (features, grids) in enumerate(rows(adapter, video)):
        for text in (asks or {}).get(number, ()):
            session.ask(text)
        turns.append(session.push_features(features, grids))
    return session, turns


def test_until_the_window_is_full_it_is_the_plain_stream(adapter):
    video = noise_video(WIDTH)
    session, turns = live(adapter, video, {1: ["which letter?"]})
    plain = StreamSession(adapter, max_new_tokens=3)
    plain.ask("which letter?", at=1)
    for turn, image in zip(turns, video, strict=True):
        other = plain.push([image])
        assert (turn.state, turn.text, turn.questions) == (other.state, other.text, other.questions)
        assert torch.equal(turn.logits, other.logits)
    assert session.spent.turns == WIDTH and session.spent.forwards == plain.forwards


def test_after_a_move_it_is_the_stream_of_the_window_alone(adapter):
    """Turns 3-5 are kept when turn 6 is due; a question of turn 1 stands on turn 3."""
    video = noise_video(2 * WIDTH)
    asks = {1: ["which letter?"], 4: ["how many?"]}
    session, turns = live(adapter, video, asks)
    fresh = StreamSession(adapter, max_new_tokens=3)
    shown = {3: ("which letter?",), 4: ("how many?",), 5: ()}
    past = []
    for number in (3, 4, 5):
        lived = turns[number]
        answer = (adapter.state_ids[STATES.index(lived.state)], *lived.text_ids)
        features, grids = rows(adapter, [video[number]])[0]
        past.append(Past(number, shown[number], answer, features, tuple(grids)))
    fresh.replay(past)
    for number in (6, 7, 8):
        features, grids = rows(adapter, [video[number]])[0]
        other = fresh.push_features(features, grids)
        assert torch.equal(turns[number].logits, other.logits) and turns[number].text == other.text
    assert [each.past.turn for each in session.kept] == [6, 7, 8, 9, 10, 11]
    assert session.kept[0].turn.questions == ("which letter?", "how many?")


def test_a_stream_holds_no_more_turns_than_its_window(adapter):
    longest = 0
    session = WindowedSession(adapter, width=WIDTH, max_new_tokens=3)
    tokens = []
    for features, grids in rows(adapter, noise_video(5 * WIDTH)):
        session.push_features(features, grids)
        longest = max(longest, len(session.kept))
        tokens.append(len(session._session.fed))
    assert longest == WIDTH
    assert max(tokens[WIDTH:]) < 1.5 * max(tokens[:WIDTH])


def test_a_clone_goes_its_own_way(adapter):
    session, _ = live(adapter, noise_video(4))
    other = session.clone()
    other.ask("which letter?")
    features, grids = rows(adapter, noise_video(5))[4]
    asked, plain = other.push_features(features, grids), session.push_features(features, grids)
    assert asked.questions == ("which letter?",) and plain.questions == ()
    assert not torch.equal(asked.logits, plain.logits)


def test_a_forced_answer_changes_nothing(adapter):
    session, turns = live(adapter, noise_video(8))
    while turns[-1].text is not None:
        turns.append(session.push_features(*rows(adapter, noise_video(9, seed=len(turns)))[8]))
    twin = session.clone()
    assert isinstance(session.force(), str)
    frame = rows(adapter, noise_video(10))[9]
    assert torch.equal(session.push_features(*frame).logits, twin.push_features(*frame).logits)


def test_wrong_use_is_refused(adapter):
    with pytest.raises(UsageError, match="window of 1 turns"):
        WindowedSession(adapter, width=1)
    begun = StreamSession(adapter)
    begun.push([noise_video(1)[0]])
    with pytest.raises(UsageError, match="session without turns"):
        begun.replay([])
