"""What one pack keeps for its backward pass, tensor by tensor as the library's layers save them.

Bytes per token of a decoder layer with hidden width d, query heads q, key heads k (values as wide), h heads,
MLP i and e bytes a number (4 or 2):

    two RMS norms, in fp32   2 (4 d + 4 + 2 e d)     input in fp32, 1/rms, normalised, scaled (enters q, k, v)
    attention                e (q + 2 k + q) + 4 h   rotated q and k, v, output; log-sum-exp of each head
    packed output            e q                     the segments' outputs side by side, input of o_proj
    MLP                      4 e i                   gate, its SiLU, up, their product

Under fp32 the norm's input is the residual stream itself, under bf16 a copy of it. With checkpointing a layer
keeps its input, e d, and the lines above exist for one layer at a time. Attention scores are never whole.

Two moments can be the largest, and the larger one is taken: the head's forward (final norm, a chunk of logits
and the fp32 gradient of the table come on top), and the backward pass of the last layer's MLP (two tensors of
e i beyond what it frees, the gradients of SiLU and up, and the table's gradient, rounded).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from components.train.plan.load import Load
from components.train.plan.shapes import Shapes, Text

FP32 = 4


@dataclass(frozen=True)
class Execution:
    """How a pack is run. item: bytes a number; checkpointing: layers run twice; chunk: rows of logits."""

    item: int
    checkpointing: bool
    chunk: int


def layer_saved(text: Text, item: int) -> float:
    """Bytes per token that one decoder layer keeps; see the module's table."""
    d, q, k = text.hidden, text.query, text.keys
    norms = 2 * (FP32 * d + FP32 + 2 * item * d)
    attention = item * (3 * q + 2 * k) + FP32 * text.heads
    if text.qk_norm:  # two more norms, of q and k, before they are rotated
        attention += (q + k) * (FP32 + item)
    return norms + attention + 4 * item * text.intermediate


def decoder_bytes(shapes: Shapes, load: Load, run: Execution) -> float:
    """What all layers keep when the forward is done."""
    text = shapes.text
    kept = run.item * text.hidden if run.checkpointing else layer_saved(text, run.item)
    return load.tokens * text.layers * kept


def layer_backward_bytes(shapes: Shapes, load: Load, run: Execution) -> float:
    """What the backward pass of the last layer adds: its tensors if they are recomputed, and gradients."""
    text, item = shapes.text, run.item
    again = 0.0
    if run.checkpointing:
        again = layer_saved(text, item) - (
            FP32 * text.hidden if item == FP32 else 0
        )  # its input is kept already
    gradients = item * (2 * text.intermediate + 2 * text.hidden)
    return load.tokens * (again + gradients) + item * text.vocab * text.hidden


def connector_bytes(shapes: Shapes, load: Load, run: Execution) -> float:
    """Tower rows and what the connector keeps: norm in fp32, scaled rows, before and after GELU, outputs."""
    vision, item = shapes.vision, run.item
    rows = vision.features * (FP32 + 2 * item) + (item * vision.features if item != FP32 else 0)
    inner = 2 * item * vision.levels * vision.connector
    return load.visual * (rows + inner + item * vision.levels * shapes.text.hidden)


def head_bytes(shapes: Shapes, load: Load, run: Execution) -> float:
    """What the head's forward adds: final norm, fp32 gradient of the table, a chunk of logits, rows twice.

    A chunk's logits exist in fp32 and once more inside log-sum-exp; rounding the table's part of a chunk's
    gradient takes one more table where weights are narrower than fp32.
    """
    text, item = shapes.text, run.item
    norm = load.tokens * (FP32 * text.hidden + FP32 + 2 * item * text.hidden)
    table = text.vocab * text.hidden
    logits = min(run.chunk, load.supervised) * text.vocab
    chunk = max(2 * FP32 * logits, item * (logits + table) if item != FP32 else 0)
    return norm + FP32 * table + chunk + load.supervised * text.hidden * 2 * item


def tower_bytes(shapes: Shapes, load: Load, run: Execution) -> float:
    """Working set of the frozen tower under no_grad: pixels, features, and the widest moment of a block.

    Residual and norm stay all the while. Attention: q, k, v and the output, or, where q and k are rotated,
    both in fp32, the rotated q and three temporaries of rotating k. MLP: gate, up and their product, or two.
    """
    vision, item = shapes.vision, run.item
    d = vision.hidden
    attention = 3 * item * d + (6 * FP32 * d if vision.rotary else item * d)
    mlp = (3 if vision.gated else 2) * item * vision.intermediate
    block = 2 * item * d + max(attention, mlp)
    return load.patches * (block + FP32 * vision.patch_values) + load.visual * item * vision.features


def activation_parts(shapes: Shapes, load: Load, run: Execution) -> Mapping[str, float]:
    """Bytes by part at the larger of the two moments."""
    head = head_bytes(shapes, load, run)
    layer = layer_backward_bytes(shapes, load, run)
    last = (
        {"head: table's gradient, logits of a chunk": head}
        if head > layer
        else {"last layer's backward": layer}
    )
    return {
        "kept by the layers": decoder_bytes(shapes, load, run),
        "tower rows and connector": connector_bytes(shapes, load, run),
        **last,
    }
