"""What can stand in `train.methods`: a loss over three states (ours), or a rival's way to learn the moment.

| method | states in history and targets | how the decision is learnt |
|---|---|---|
| a loss of `components.train.loss.KINDS` | three | next-token prediction, weighted (paper, section 3.3) |
| `eos` | Standby becomes Silence | plain cross-entropy of the next token (VideoLLM-online, CVPR 2024) |
| `head` | Standby becomes Silence | a head on the hidden state, not the token (ViSpeak, 2025) |
| `external` | none | a gate on frozen features; the base is untouched (Dispider, StreamBridge, 2025) |
"""

from dataclasses import replace

from components.core.errors import UsageError
from components.protocol.states import State
from components.protocol.turns import Dialogue
from components.train.loss import KINDS
from components.train.module import LossOptions
from components.train.recipe import Recipe

EOS, HEAD, EXTERNAL = RIVALS = ("eos", "head", "external")
METHODS = (*KINDS, *RIVALS)
LOSS_OF = {EOS: "ce", HEAD: "ce", EXTERNAL: "bce"}  # as `streamo.json` names it


def loss_options(method: str, recipe: Recipe) -> LossOptions:
    """The loss over tokens that a method trains with.

    Raises:
        UsageError: an unknown method, or one that `train.rules: released` does not have.

    """
    if method not in METHODS:
        raise UsageError(f"params train.methods: {method!r}, expected one of {', '.join(METHODS)}")
    if recipe.rules == "released" or method in KINDS:
        return LossOptions(method, recipe.gamma, recipe.rules)
    return LossOptions("ce", recipe.gamma)


def loss_of(method: str) -> str:
    """The name of a method's loss."""
    return LOSS_OF.get(method, method)


def as_taught(dialogue: Dialogue, method: str) -> Dialogue:
    """The dialogue as a method sees it: rivals know no Standby."""
    if method not in RIVALS:
        return dialogue
    turns = [
        replace(turn, state=State.SILENCE) if turn.state is State.STANDBY else turn for turn in dialogue.turns
    ]
    return replace(dialogue, turns=turns)
