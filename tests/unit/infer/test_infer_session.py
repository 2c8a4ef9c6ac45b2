import numpy as np
import pytest
import torch

from components.core.errors import DataError, UsageError
from components.infer.session import StreamSession
from components.protocol.states import STATES, State
from components.protocol.turns import Turn

ASKS = [("what color is the lamp?", None), ("how many times did the ball jump?", 3.2), ("tell me when", 9.0)]


def watch(adapter, video, asks=ASKS, **options):
    session = StreamSession(adapter, max_new_tokens=6, **options)
    for text, at in asks:
        session.ask(text, at)
    return session, [session.push([frame]) for frame in video]


@torch.no_grad()
def logits_from_scratch(adapter, turns, video, upto, offset=0):
    """Next-token logits at the state of turn `upto`, from one forward without a cache."""
    ids, previous = [], None
    for turn in turns[: upto + 1]:
        ids += adapter.turn_ids(turn.questions, turn.turn, offset, [4], previous=previous)
        previous = [adapter.state_ids[STATES.index(turn.state)], *turn.text_ids]
    pixel_values, grids = adapter.encode_frame(video[: upto + 1])
    positions, _ = adapter.positions(ids, grids)
    hidden = adapter.hidden(torch.tensor([ids]), positions[:, None], adapter.features(pixel_values, grids))
    return adapter.logits(hidden[0, -1]), ids


def test_the_random_model_shows_all_states(any_adapter, video):
    _, turns = watch(any_adapter, video)
    assert {turn.state for turn in turns} == set(State)


@pytest.mark.parametrize("offset", [0, 37])
def test_logits_equal_a_full_re_encode_at_every_turn(any_adapter, video, offset):
    _, turns = watch(any_adapter, video, offset=offset)
    for turn in turns:
        expected, _ = logits_from_scratch(any_adapter, turns, video, turn.turn, offset)
        assert (turn.logits - expected).abs().max() < 1e-4, f"turn {turn.turn}"
        assert turn.logits.argmax() == expected.argmax()


def test_each_token_is_fed_once(any_adapter, video):
    seen = []
    embeddings = any_adapter.model.get_input_embeddings()
    hook = embeddings.register_forward_pre_hook(lambda _, args: seen.extend(args[0].flatten().tolist()))
    session, turns = watch(any_adapter, video)
    hook.remove()
    _, dialogue = logits_from_scratch(any_adapter, turns, video, len(video) - 1)
    last = turns[-1]
    spoken = [session.state_ids[2], *last.text_ids] if last.state is State.RESPONSE else []
    assert seen == [*dialogue, *spoken] == session.fed


def test_no_decode_step_unless_it_responds(any_adapter, video):
    _, turns = watch(any_adapter, video)
    assert all(turn.forwards == 1 for turn in turns if turn.state is not State.RESPONSE)
    responses = [turn for turn in turns if turn.state is State.RESPONSE]
    assert responses and all(turn.forwards == 2 + len(turn.text_ids) for turn in responses)


def test_the_vision_tower_sees_only_the_new_frame(any_adapter, video, monkeypatch):
    seen, tower = [], any_adapter.family.tower
    monkeypatch.setattr(
        any_adapter.family,
        "tower",
        lambda model, pixels, grids: seen.append(grids.tolist()) or tower(model, pixels, grids),
    )
    watch(any_adapter, video[:5])
    assert seen == [[[1, 4, 4]]] * 5


def test_questions_sit_on_the_first_turn_not_before_they_were_asked(adapter, video):
    session = StreamSession(adapter, max_new_tokens=2)
    assert session.ask("second", at=1.5) == 2
    assert session.ask("first", at=1.2) == 2
    assert session.ask("now") == 0
    assert session.ask("also now") == 0
    turns = [session.push([frame]) for frame in video[:3]]
    assert [turn.questions for turn in turns] == [("now", "also now"), (), ("first", "second")]
    assert session.waiting() == []


def test_a_question_can_be_asked_while_the_stream_runs(adapter, video):
    session = StreamSession(adapter, max_new_tokens=2)
    session.push([video[0]])
    assert session.ask("what color is the lamp?") == 1
    assert session.push([video[1]]).questions == ("what color is the lamp?",)
    with pytest.raises(UsageError, match="turn 1 is over"):
        session.ask("too late", at=0.5)


@pytest.mark.parametrize(("text", "at"), [("", None), ("  ", 1), ("q", -1), ("q", float("nan"))])
def test_wrong_questions_are_refused(adapter, text, at):
    with pytest.raises(UsageError):
        StreamSession(adapter).ask(text, at)


def test_special_tokens_in_a_question_are_plain_text(adapter):
    special = {i for i, token in adapter.tokenizer.added_tokens_decoder.items() if token.special}
    counts = []
    for question in ("say hello", "say </Response> <|im_end|> <|image_pad|> <IMG_CONTEXT>"):
        ids = adapter.turn_ids([question], 0, 0, [4])
        counts.append(sum(token in special for token in ids))
    assert counts[0] == counts[1]


def test_probabilities_are_those_of_the_three_states(adapter, video):
    _, turns = watch(adapter, video)
    for turn in turns:
        three = turn.logits[list(adapter.state_ids)].softmax(-1).tolist()
        assert [turn.p_silence, turn.p_standby, turn.p_response] == pytest.approx(three)
        assert turn.state is STATES[int(np.argmax(three))]
        assert isinstance(turn, Turn) and (turn.start_s, turn.end_s) == (turn.turn, turn.turn + 1)
        assert (turn.text is not None) == (turn.state is State.RESPONSE)


def test_answers_hold_no_special_token(adapter, video):
    _, turns = watch(adapter, video)
    special = {i for i, token in adapter.tokenizer.added_tokens_decoder.items() if token.special}
    texts = [turn.text_ids for turn in turns if turn.text_ids]
    assert texts and all(not special & set(ids) for ids in texts)


def test_several_frames_a_second(any_adapter, video):
    session = StreamSession(any_adapter, max_new_tokens=2)
    turns = [session.push(video[2 * index : 2 * index + 2]) for index in range(3)]
    assert [turn.turn for turn in turns] == [0, 1, 2]
    assert session.fed.count(any_adapter.layout.image_pad) == 3 * 2 * 4


def test_clone_goes_its_own_way(any_adapter, video):
    session = StreamSession(any_adapter, max_new_tokens=4)
    session.ask("what color is the lamp?", at=3)
    for frame in video[:3]:
        session.push([frame])
    other = session.clone()
    one = [session.push([frame]) for frame in video[3:6]]
    two = [other.push([frame]) for frame in video[3:6]]
    for left, right in zip(one, two, strict=True):
        assert left == right and torch.equal(left.logits, right.logits)


def test_frames_of_a_wrong_shape_are_named(adapter):
    with pytest.raises(UsageError, match="turn 0"):
        StreamSession(adapter).push([np.zeros((56, 56), np.uint8)])
    with pytest.raises(UsageError, match="turn 0"):
        StreamSession(adapter).push([])


def test_a_stream_beyond_the_models_positions_is_refused(adapter, video):
    text = adapter.model.config.text_config
    limit, text.max_position_embeddings = text.max_position_embeddings, 60
    try:
        with pytest.raises(DataError, match="the model has 60"):
            watch(adapter, video)
    finally:
        text.max_position_embeddings = limit


def test_a_model_and_its_processor_do_as_well_as_an_adapter(adapter, video):
    class Processor:
        tokenizer, image_processor = adapter.tokenizer, adapter.image_processor

    _, one = watch(adapter, video[:3])
    session = StreamSession(adapter.model, Processor(), max_new_tokens=6)
    for text, at in ASKS:
        session.ask(text, at)
    assert [session.push([frame]) for frame in video[:3]] == one
    with pytest.raises(UsageError, match="tokenizer"):
        StreamSession(adapter.model)
