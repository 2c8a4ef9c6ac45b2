"""The strings of the chat layout, and the token ids a tokenizer gives them.

A turn is ChatML, as every family was trained (paper, section 3). Its user half is
`[question\\n]<2s-3s>\\n<frame>`, its assistant half `STATE[ text]`; how a frame is written is the family's
(`Marks`). The tiny tokenizer spells the same strings with fewer tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.core.errors import DataError
from components.model.families.family import Marks
from components.protocol.states import STATES

SYSTEM_HEAD = "<|im_start|>system\n"
USER_HEAD = "<|im_start|>user\n"
ASSISTANT_HEAD = "<|im_start|>assistant\n"
TAIL = "<|im_end|>\n"


def trusted_ids(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a text written by this project: special tokens in it are special tokens."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=False)
    return ids


def foreign_ids(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a text written by anyone else: a `</Response>` in it stays plain characters."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    return ids


def single_id(tokenizer: Any, token: str) -> int:
    """The id of a text that must be exactly one token; a DataError names the tokenizer if it is not."""
    ids = trusted_ids(tokenizer, token)
    if len(ids) != 1:
        raise DataError(
            f"{tokenizer.name_or_path or 'tokenizer'}: {token!r} is {len(ids)} tokens, expected one"
        )
    return ids[0]


def special_id(tokenizer: Any, token: str) -> int:
    """`single_id` of a token that no foreign text may spell; a DataError where it is none or another one."""
    index = single_id(tokenizer, token)
    added = tokenizer.added_tokens_decoder.get(index)
    if added is None or not added.special:
        raise DataError(
            f"{tokenizer.name_or_path or 'tokenizer'}: {token!r} is an ordinary token, expected a special "
            "one: any text could spell it"
        )
    if added.content != token:
        raise DataError(
            f"{tokenizer.name_or_path or 'tokenizer'}: {token!r} becomes the special token "
            f"{added.content!r}, expected one of its own"
        )
    return index


@dataclass(frozen=True)
class Layout:
    """Token ids of the fixed strings; `end` is the token that ends an answer (first of `tail`)."""

    system_head: tuple[int, ...]
    user_head: tuple[int, ...]
    assistant_head: tuple[int, ...]
    tail: tuple[int, ...]
    vision_start: int
    vision_end: int
    image_pad: int
    image_gap: tuple[int, ...]

    @property
    def end(self) -> int:
        """Id of the token that closes an answer: the last supervised token of a turn."""
        return self.tail[0]

    def image(self, n_visual: int) -> list[int]:
        """Tokens of one frame with `n_visual` visual tokens."""
        return [self.vision_start, *[self.image_pad] * n_visual, self.vision_end, *self.image_gap]


def read_layout(tokenizer: Any, marks: Marks) -> Layout:
    """The ids of every layout string; DataError if the tokenizer lacks a vision token of the family."""
    heads = [tuple(trusted_ids(tokenizer, text)) for text in (SYSTEM_HEAD, USER_HEAD, ASSISTANT_HEAD, TAIL)]
    start, end, pad = (special_id(tokenizer, token) for token in (marks.start, marks.end, marks.pad))
    gap = tuple(trusted_ids(tokenizer, marks.gap)) if marks.gap else ()
    return Layout(heads[0], heads[1], heads[2], heads[3], start, end, pad, gap)


def state_ids(tokenizer: Any) -> tuple[int, int, int]:
    """Ids of (silence, standby, response); DataError where a state is not one special token."""
    if not has_states(tokenizer):
        pieces = {state.value: len(trusted_ids(tokenizer, state.value)) for state in STATES}
        raise DataError(
            f"{tokenizer.name_or_path or 'tokenizer'}: tokens a state are {pieces}, expected one each: "
            "a base has none of them, training adds all three"
        )
    ids = [special_id(tokenizer, state.value) for state in STATES]
    return ids[0], ids[1], ids[2]


def has_states(tokenizer: Any) -> bool:
    """Whether every state is one token already (a trained model) or not (a base)."""
    return all(len(trusted_ids(tokenizer, state.value)) == 1 for state in STATES)


def concat(parts: Sequence[Sequence[int]]) -> list[int]:
    """The parts one after another."""
    return [token for part in parts for token in part]
