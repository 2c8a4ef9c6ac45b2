"""The tiny model's byte-level BPE: known words whole, bytes elsewhere, so any text survives a round trip.

Merges are empty and `ignore_merges` is set: a pre-token in the vocabulary is one token, any other falls apart
into its bytes. That needs no trainer, so the vocabulary is a sorted function of the texts and nothing else.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from components.model.families.family import Marks
from components.model.layout import ASSISTANT_HEAD, SYSTEM_HEAD, TAIL, USER_HEAD
from components.protocol.states import STATES

# Digits stand alone (tags, counts); `s-` and `s>` + newline glue `<12s-13s>`; words carry their blank.
PIECES = r"s-(?=\p{N})|s>\n?|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]\n?|\n|\s+?"
PADDING = "<|endoftext|>"
PLAIN_SPECIALS = ("<|im_start|>", "<|im_end|>", PADDING)
# Whole headers as single special tokens: the same text as ChatML in a third of the tokens.
HEADS = (SYSTEM_HEAD, USER_HEAD, ASSISTANT_HEAD, TAIL)


def chat_template(marks: Marks) -> str:
    """ChatML with the family's images (Jinja), as the published templates write these messages."""
    return (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
        "{% if message['content'] is string %}{{ message['content'] }}"
        "{% else %}{% for part in message['content'] %}"
        "{% if part['type'] == 'image' %}" + marks.template + "{% else %}{{ part['text'] }}{% endif %}"
        "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


def byte_alphabet() -> list[str]:
    """The 256 characters byte-level BPE spells bytes with, sorted."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _pre_tokenizer() -> Any:
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

    split = Split(Regex(PIECES), behavior="isolated")
    return Sequence([split, ByteLevel(add_prefix_space=False, use_regex=False)])


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each pre-token (in byte-level spelling) occurs in the texts."""
    pre, counts = _pre_tokenizer(), Counter[str]()
    for text, times in sorted(Counter(texts).items()):
        for word, _ in pre.pre_tokenize_str(text):
            counts[word] += times
    return counts


def build_tokenizer(texts: Iterable[str], *, marks: Marks, max_words: int = 4096, states: bool = True) -> Any:
    """A `PreTrainedTokenizerFast` whose vocabulary is 256 bytes + the words of `texts` + the special tokens.

    Args:
        texts: training texts (questions, answers, captions); their order does not matter.
        marks: how the family writes a frame.
        max_words: the most frequent words kept (ties in alphabetical order).
        states: whether the three state tokens are added; a base has none, training adds them.

    """
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.decoders import ByteLevel
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    counts = count_words([*texts, "<0s-1s>\n", "\n", " ", ","])
    ranked = sorted(counts, key=lambda word: (-counts[word], word))[:max_words]
    alphabet = byte_alphabet()
    words = sorted(set(ranked) - set(alphabet))
    vocabulary = {token: index for index, token in enumerate([*alphabet, *words])}
    core = Tokenizer(BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    core.pre_tokenizer, core.decoder = _pre_tokenizer(), ByteLevel()
    frame = (marks.start, marks.end, marks.pad)
    specials = [*PLAIN_SPECIALS, *HEADS, *frame, *((state.value for state in STATES) if states else ())]
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=TAIL, pad_token=PADDING, clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = chat_template(marks)
    return tokenizer
