"""Floating-point operations of training, as MFU counts them: what the algorithm needs, no recomputation.

    LLM and connector   6 x trained matrix parameters x tokens (2 forward, 4 backward; connector: visual)
    head                6 x hidden x vocabulary x supervised tokens: no other row reaches it; embedding: none
    attention           6 x layers x query width x L^2 for a segment of L tokens (causal: half of 12)
    frozen tower        2 x parameters x patches + 4 x width x patches x attended patches: forward alone

A frozen LLM under a trained connector costs 4 (no gradient of its matrices), a frozen connector 2.

Gradient checkpointing runs the decoder's forward once more; it costs time, but is no useful work, so it is
given apart (`recomputed`) and enters neither MFU nor the hours stated at an MFU.
"""

from dataclasses import dataclass

from components.train.plan.load import Load
from components.train.plan.shapes import CONNECTOR, LLM, TOWER, Shapes


@dataclass(frozen=True)
class Flops:
    """Operations by part; `useful` is their sum without `recomputed`."""

    llm: float
    attention: float
    head: float
    vision: float
    recomputed: float

    @property
    def useful(self) -> float:
        """What MFU is a share of."""
        return self.llm + self.attention + self.head + self.vision


def flops_of(shapes: Shapes, load: Load, *, frame_patches: int, checkpointing: bool = False) -> Flops:
    """Operations of training on `load`: a sample, a pack or a step.

    Args:
        shapes: the model.
        load: tokens, squared segment lengths, visual tokens, patches, supervised rows.
        frame_patches: patches of one frame, which attend to each other in layers without windows.
        checkpointing: whether the decoder's forward runs twice.

    """
    text, vision = shapes.text, shapes.vision
    passes = 6 if shapes.trained.get(LLM) else 4
    connector = (6 if shapes.trained.get(CONNECTOR) else 2) * shapes.matrices[CONNECTOR]
    llm = passes * shapes.matrices[LLM] * load.tokens + connector * load.visual
    attention = 6 * text.layers * text.query * load.squares
    head = passes * text.hidden * text.vocab * load.supervised
    windowed = vision.layers - vision.full_layers
    attended = vision.full_layers * frame_patches + windowed * min(vision.window, frame_patches)
    tower = load.patches * (2 * shapes.matrices[TOWER] + 4 * vision.hidden * attended)
    again = (2 * shapes.matrices[LLM] * load.tokens + attention / 3) if checkpointing else 0.0
    return Flops(llm, attention, head, tower, again)
