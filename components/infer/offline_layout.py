"""An offline question as tokens: pictures, then a prompt, then the place where the answer begins.

A published model gets one user message by its own chat template. The tiny base was taught whole clips in the
layout of a stream (components/base/sequences.py): one user message a second with its time tag, the question
in the last one before its frame. It has seen nothing else of more than one frame, and neither has what is
trained from it, so both are asked in that form.
"""

from collections.abc import Sequence
from typing import Literal

from components.core.errors import InternalError, UsageError
from components.model.adapter import Adapter
from components.model.layout import concat, has_states, trusted_ids
from components.model.positions import Grid
from components.protocol.states import State

Form = Literal["message", "stream"]
FORMS: tuple[Form, ...] = ("message", "stream")
PROMPT = "\x00prompt\x00"  # stands for the prompt while the template is written; no template holds it


def form_of(adapter: Adapter) -> Form:
    """The form a model was taught offline questions in.

    Only this project's tiny tokenizer spells the whole header of a message as one token
    (components/model/tokenizer.py), and only its models have seen offline clips as streams alone.
    """
    return "stream" if len(adapter.layout.user_head) == 1 else "message"


def prompt_ids(
    adapter: Adapter, prompt: str, grids: Sequence[Grid], *, form: Form, turns: Sequence[int] | None = None
) -> list[int]:
    """Tokens up to the place of the answer's first token.

    A converted model answers in text only behind `</Response>`: where the tokenizer has states, that token
    comes last, so that the text is what its knowledge says whatever its timing would have been.

    Args:
        adapter: the model's.
        prompt: foreign text; special tokens in it stay plain characters.
        grids: of the pictures, in order of time; none is a question without pictures.
        form: see the module.
        turns: stream form: the second each picture is shown at, rising; 0, 1, 2 ... without it.

    Raises:
        UsageError: `turns` do not fit the pictures, or the stream form without a picture.

    """
    counts = adapter.n_visual(grids)
    ids = _message(adapter, prompt, counts) if form == "message" else _stream(adapter, prompt, counts, turns)
    if not has_states(adapter.tokenizer):
        return ids
    return [*ids, adapter.state_ids[list(State).index(State.RESPONSE)]]


def _message(adapter: Adapter, prompt: str, counts: Sequence[int]) -> list[int]:
    """One user message by the chat template: all pictures, then the prompt."""
    content = [*({"type": "image"} for _ in counts), {"type": "text", "text": PROMPT}]
    text: str = adapter.tokenizer.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
    )
    before, _, after = text.partition(PROMPT)
    first, *rest = before.split(adapter.family.marks.template)
    if not after or len(rest) != len(counts):
        raise InternalError(f"chat template: {len(rest)} images and a prompt expected of {text!r}")
    shown = [
        [*adapter.layout.image(count), *trusted_ids(adapter.tokenizer, gap)]
        for count, gap in zip(counts, rest, strict=True)
    ]
    head, tail = trusted_ids(adapter.tokenizer, first), trusted_ids(adapter.tokenizer, after)
    return [*head, *concat(shown), *adapter.text_ids(prompt), *tail]


def _stream(adapter: Adapter, prompt: str, counts: Sequence[int], turns: Sequence[int] | None) -> list[int]:
    """The system message and a user message a picture; the prompt stands before the last picture."""
    shown = list(range(len(counts)) if turns is None else turns)
    if not counts or len(shown) != len(counts) or sorted(set(shown)) != shown:
        raise UsageError(f"{len(counts)} pictures at seconds {shown}: expected one rising second a picture")
    last = len(counts) - 1
    users = [
        adapter.user_ids([prompt] if place == last else [], turn, [count])
        for place, (turn, count) in enumerate(zip(shown, counts, strict=True))
    ]
    return [*adapter.prefix_ids(), *concat(users), *adapter.layout.assistant_head]
