"""Every policy decides alike live and in a batch, and says what it is made to say."""

import pytest
import torch

from components.core.errors import DataError
from components.core.files import write_json
from components.infer.gated import CONTEXT_TURNS, Moment
from components.infer.plans import Plan
from components.infer.policies import (
    Constant,
    Eos,
    External,
    Head,
    Polling,
    States,
    from_folder,
    open_session,
    open_streams,
    untrained,
)
from components.model.timing import GATE_FILE, HEAD_FILE, Gate, SpeakHead, save_module
from components.protocol.states import STATES, State
from tests.support.streams import noise_video

SECONDS, TOKENS = 9, 3
ASKED = [
    ((0, "what color is the lamp?"),),
    ((2, "how many times did the ball jump?"), (6, "which letter?")),
    (),
]


class Noise:
    """Frames of noise videos v0, v1, ..."""

    def __init__(self, adapter):
        self.adapter = adapter
        self.pictures = {f"v{n}": noise_video(SECONDS, 70 + n) for n in range(len(ASKED))}

    def rows(self, video, turn, until_s):
        assert turn <= until_s
        pixels, grids = self.adapter.encode_frame([self.pictures[video][turn]])
        return self.adapter.features(pixels, grids), grids


def random_gate(adapter):
    frames = Noise(adapter)
    torch.manual_seed(3)
    gate = Gate(frames.rows("v0", 0, 0.0)[0].shape[1], adapter.model.get_input_embeddings().weight.shape[1])
    return gate.requires_grad_(False)


def random_head(adapter):
    head = SpeakHead(adapter.model.get_input_embeddings().weight.shape[1])
    with torch.no_grad():
        head.out.weight.copy_(torch.randn(head.out.weight.shape, generator=torch.Generator().manual_seed(5)))
    return head.requires_grad_(False)


class Yes(Polling):
    """Polls as `Polling` does and hears yes each time: a random model never says it."""

    def shares(self, moments):
        super().shares(moments)
        return [float((moment.turn - moment.asked) % self.every_s == 0) for moment in moments]


POLICIES = {
    "states": lambda a: States(a.state_ids),
    "eos": lambda a: Eos(a.state_ids),
    "head": lambda a: Head(random_head(a), 0.5),
    "last_frames": lambda a: States(a.state_ids, 4),
    "head_of_last_frames": lambda a: Head(random_head(a), 0.5, width=3),
    "response": lambda _: Constant(State.RESPONSE),
    "standby": lambda _: Constant(State.STANDBY),
    "external": lambda a: External(a, random_gate(a), 0.5),
    "polling": lambda a: Yes(a, 3),
}


def plain(turns):
    return [(turn.turn, turn.questions, turn.state, turn.text) for turn in turns]


def plans():
    out = [Plan(f"v{n}", asks, SECONDS, SECONDS - 1.0) for n, asks in enumerate(ASKED)]
    return [*out, Plan("v0", ASKED[0], 4, 3.0, force=True), Plan("v1", ((8, "which letter?"),), SECONDS, 8.0)]


@pytest.mark.parametrize("name", POLICIES)
def test_live_and_in_a_batch_alike(adapter, name):
    frames = Noise(adapter)
    streams = open_streams(POLICIES[name](adapter), adapter, frames, max_new_tokens=TOKENS)
    found = streams.watch(plans())
    said = set()
    for plan, watched in zip(plans(), found, strict=True):
        session = open_session(POLICIES[name](adapter), adapter, max_new_tokens=TOKENS)
        turns = []
        for turn in range(plan.turns):
            for text in plan.questions(turn):
                session.ask(text)
            turns.append(session.push_features(*frames.rows(plan.video, turn, turn)))
        assert plain(watched.turns) == plain(turns)
        said |= {turn.state for turn in turns}
        assert all(abs(t.p_silence + t.p_standby + t.p_response - 1) < 1e-5 for t in turns)
        if plan.force:
            assert watched.forced == (turns[-1].text if turns[-1].text is not None else session.force())
    expected = {"states": set(STATES), "response": {State.RESPONSE}, "standby": {State.STANDBY}}
    assert said == expected.get(name, said) and len(said) >= (1 if name in expected else 2), said
    assert streams.spent.forwards > 0 and streams.spent.turns > 0 and streams.spent.tokens > 0
    assert name in ("states", "last_frames", "standby", "response") or State.STANDBY not in said


def test_a_window_forgets_what_left_it(adapter):
    """Two streams that differ only in a turn that left the window go on alike; with a cache they may not."""
    frames = Noise(adapter)
    one, other = (open_session(States(adapter.state_ids, 3), adapter, max_new_tokens=2) for _ in range(2))
    for turn in range(SECONDS):
        left = one.push_features(*frames.rows("v0", turn, turn))
        right = other.push_features(*frames.rows("v1" if turn == 0 else "v0", turn, turn))
        if turn and left.state is not right.state:
            return  # what was answered in the window differs, so the streams may
        if turn > 3:
            assert torch.equal(left.logits, right.logits)


def test_nothing_is_decided_before_a_question(adapter):
    session = open_session(External(adapter, random_gate(adapter), 0.0), adapter, max_new_tokens=TOKENS)
    frames = Noise(adapter)
    quiet = [session.push_features(*frames.rows("v0", turn, turn)) for turn in range(2)]
    session.ask("which letter?")
    assert [turn.state for turn in quiet] == [State.SILENCE] * 2 and quiet[0].forwards == 0
    assert session.push_features(*frames.rows("v0", 2, 2)).state is State.RESPONSE


def test_an_answer_sees_the_last_turns_and_no_later_one(adapter):
    shown = {turn: Noise(adapter).rows("v0", turn % SECONDS, SECONDS) for turn in range(40)}
    question = Moment(35, 3, "which letter?", {t: (rows, tuple(grids)) for t, (rows, grids) in shown.items()})
    made = question.about("which letter?")
    assert made.turns == tuple(range(36 - CONTEXT_TURNS, 36)) and len(made.grids) == CONTEXT_TURNS


def test_polls_fall_on_the_question_and_every_so_many_seconds(adapter):
    rows = Noise(adapter).rows("v0", 0, 0)
    moments = [
        Moment(turn, 2, "which letter?", dict.fromkeys(range(turn + 1), rows)) for turn in range(2, 13)
    ]
    polling = Polling(adapter, 5)
    polling.shares(moments)
    assert polling.replies.total() == 3


def test_a_folder_names_its_policy(adapter, tmp_path):
    def policy(**about):
        write_json(tmp_path / "streamo.json", {"policy": about})
        return from_folder(tmp_path, adapter)

    assert isinstance(policy(name="states"), States) and isinstance(policy(name="eos"), Eos)
    with pytest.raises(DataError, match=r"head\.safetensors: no such file"):
        policy(name="head", threshold=0.5)
    head, gate = random_head(adapter), random_gate(adapter)
    save_module(head, tmp_path / HEAD_FILE)
    save_module(gate, tmp_path / GATE_FILE)
    assert torch.equal(policy(name="head", threshold=0.25).head.out.weight, head.out.weight)
    assert torch.equal(policy(name="external", threshold=0.5, turns=4).gate.inner.weight, gate.inner.weight)
    with pytest.raises(DataError, match="frame inputs for 5 turns"):
        policy(name="external", threshold=0.5, turns=5)
    with pytest.raises(DataError, match="lacks 'threshold'"):
        policy(name="head")
    with pytest.raises(DataError, match="policy 'oracle', expected states, eos, head or external"):
        policy(name="oracle")
    assert isinstance(policy(), States)


def test_untrained_policies_are_five(adapter):
    assert [policy.name for policy in untrained(adapter, adapter)] == [
        "last_frames", "polling", "silence", "standby", "response",
    ]  # fmt: skip
