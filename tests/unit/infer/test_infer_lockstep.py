import pytest
import torch

from components.core.errors import DataError, InternalError
from components.infer.lockstep import Lockstep
from components.infer.plans import Plan
from components.infer.session import StreamSession
from components.infer.slots import SlotCache
from components.protocol.states import State
from tests.support.streams import noise_video

VIDEOS, SECONDS = 5, 14
QUESTIONS = [
    "what color is the lamp?",
    "how many times did the ball jump?",
    "tell me when the red cube falls",
]


class Noise:
    """Frames of `VIDEOS` noise videos, and which of them were asked for."""

    def __init__(self, adapter):
        self.adapter, self.seen = adapter, []
        self.pictures = {f"v{index}": noise_video(SECONDS, 40 + index) for index in range(VIDEOS)}

    def rows(self, video, turn, until_s):
        assert turn <= until_s
        self.seen.append((video, turn))
        pixel_values, grids = self.adapter.encode_frame([self.pictures[video][turn]])
        return self.adapter.features(pixel_values, grids), grids


def plan(video, asks, turns, **more):
    return Plan(f"v{video}", tuple(asks), turns, float(turns - 1), **more)


PLANS = [
    plan(0, [(0, QUESTIONS[0])], 14),
    plan(1, [(0, QUESTIONS[1]), (6, QUESTIONS[2])], 9),
    plan(2, [], 12),
    plan(3, [(4, QUESTIONS[0])], 5),
    plan(3, [(7, QUESTIONS[0])], 8),
    plan(3, [(7, QUESTIONS[1])], 14),
    plan(3, [(0, QUESTIONS[2])], 3),
    plan(4, [(2, QUESTIONS[2]), (2, QUESTIONS[0])], 11),
    plan(4, [(10, QUESTIONS[1])], 11),
    plan(4, [(1, QUESTIONS[1])], 2),
    plan(0, [(0, QUESTIONS[0])], 6),
    plan(4, [(2, QUESTIONS[2]), (2, QUESTIONS[0])], 5),
]


def one_by_one(adapter, plans, tokens=5):
    """The same plans by `StreamSession`."""
    frames, out = Noise(adapter), []
    for each in plans:
        session = StreamSession(adapter, max_new_tokens=tokens)
        for turn, text in each.asks:
            session.ask(text, at=turn)
        out.append([session.push([frames.pictures[each.video][turn]]) for turn in range(each.turns)])
    return out


@pytest.fixture(scope="module")
def expected(adapter):
    return one_by_one(adapter, PLANS)


def plain(turns):
    return [(turn.turn, turn.questions, turn.state, turn.text) for turn in turns]


def test_every_family_is_watched_in_lockstep(any_adapter):
    plans = [PLANS[1], PLANS[4], plan(3, [(2, QUESTIONS[0])], 4, force=True)]
    found = Lockstep(any_adapter, Noise(any_adapter), slots=2, max_new_tokens=5).watch(plans)
    alone = one_by_one(any_adapter, plans)
    assert [plain(watched.turns) for watched in found] == [plain(turns) for turns in alone]
    assert found[2].forced is not None


@pytest.mark.parametrize("slots", [2, 16])
@pytest.mark.parametrize("share", [True, False])
def test_lockstep_equals_one_by_one(adapter, expected, slots, share):
    found = Lockstep(adapter, Noise(adapter), slots=slots, max_new_tokens=5).watch(PLANS, share=share)
    assert {turn.state for turns in expected for turn in turns} == set(State)
    assert [plain(watched.turns) for watched in found] == [plain(turns) for turns in expected]
    assert all(watched.forced is None for watched in found)


def test_logits_equal_those_of_a_single_session(adapter, expected, monkeypatch):
    read = []
    engine = Lockstep(adapter, Noise(adapter), slots=4, max_new_tokens=5)
    forward = engine._forward
    monkeypatch.setattr(engine, "_forward", lambda *args: read.append(forward(*args)) or read[-1])
    engine.watch(PLANS[:3])
    found = torch.stack([row for rows in read[1:] for row in rows[1]])
    for turns in expected[:3]:
        for turn in turns:
            assert (found - turn.logits).abs().amax(-1).min() < 1e-4


def test_sharing_saves_turns_and_tokens(adapter):
    spent = []
    for share in (True, False):
        engine = Lockstep(adapter, Noise(adapter), slots=4, max_new_tokens=5)
        engine.watch(PLANS, share=share)
        spent.append(engine.spent)
    assert spent[1].turns == sum(each.turns for each in PLANS)
    # v3: 4 + 7 + 7 turns before questions become 7; v4: 2 + 10 + 1 become 10; two plans begin others.
    assert spent[0].turns == spent[1].turns - (18 - 7) - (13 - 10) - 6 - 5
    assert spent[0].tokens < spent[1].tokens


def test_no_frame_after_a_plans_last_turn_is_read(adapter):
    frames = Noise(adapter)
    Lockstep(adapter, frames, slots=3, max_new_tokens=3).watch(PLANS)
    for video in range(VIDEOS):
        turns = max(each.turns for each in PLANS if each.video == f"v{video}")
        assert max(turn for name, turn in frames.seen if name == f"v{video}") == turns - 1


def test_a_forced_answer_is_what_the_model_says_after_the_response_token(adapter):
    plans = [plan(v, [(n, QUESTIONS[0])], n + 1, force=True) for v in range(VIDEOS) for n in (2, 12)]
    found = Lockstep(adapter, Noise(adapter), slots=4, max_new_tokens=5).watch(plans)
    silent = [i for i, watched in enumerate(found) if watched.turns[-1].state is not State.RESPONSE]
    spoken = [i for i, watched in enumerate(found) if watched.turns[-1].state is State.RESPONSE]
    assert silent and spoken
    assert all(found[index].forced == found[index].turns[-1].text for index in spoken)
    for index in silent[:3]:
        session = StreamSession(adapter, max_new_tokens=5)
        session.ask(QUESTIONS[0], at=plans[index].first_ask)
        for turn in range(plans[index].turns):
            session.push([Noise(adapter).pictures[plans[index].video][turn]])
        assert found[index].turns[-1].text is None
        assert found[index].forced == session.force()


def test_counts_of_what_was_done(adapter):
    ended = []
    engine = Lockstep(adapter, Noise(adapter), slots=2, max_new_tokens=5)
    engine.watch(PLANS[:3], done=ended.append)
    assert sum(ended) == 3
    assert engine.spent.turns == sum(each.turns for each in PLANS[:3])
    assert engine.spent.forwards > 0


def test_nothing_to_watch(adapter):
    assert Lockstep(adapter, Noise(adapter), slots=2).watch([]) == []


def test_a_plan_beyond_its_query_time_is_refused():
    with pytest.raises(InternalError, match="v0"):
        Plan("v0", (), 5, 3.9)
    assert Plan("v0", (), 4, 3.0).turns == 4


def test_a_stream_beyond_the_models_positions_is_refused(adapter):
    engine = Lockstep(adapter, Noise(adapter), slots=2)
    engine.limit = 60
    with pytest.raises(DataError, match="v0: turn"):
        engine.watch(PLANS[:1])


def test_slots_grow_and_keep_what_they_hold(adapter):
    cache = SlotCache(adapter.model, 2)
    keys, _ = cache.layers[0]
    keys[1, :, :3] = 7.0
    cache.lengths[1] = 3
    held = cache.snapshot(1)
    cache.reserve(1000)
    assert cache.layers[0][0].shape[2] == 1024
    cache.restore(0, held)
    assert cache.lengths == [3, 3] and torch.equal(cache.layers[0][0][0, :, :3], held.layers[0][0])
    assert held.length == 3
