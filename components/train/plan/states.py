"""Weights, gradients and optimizer states on one card, as DeepSpeed 0.19 lays them out by ZeRO stage.

P trained parameters, N cards, w bytes a weight, g bytes a summed gradient:

    stage               0        1                    2                       3
    weights             w P      w P                  w P                     w P / N
    frozen weights F    w F      w F                  w F                     w F
    fp32 master         -        4 P / N              4 P / N                 4 P / N
    moments             8 P      8 P / N              8 P / N                 8 P / N
    summed gradients    w P      g P                  g P / N                 g P / N
    in the backward     -        w P if g != w        w P / N if g == w       gathered weights

Frozen weights stand aside of DeepSpeed, whole on every card (`components.train.aside`). The last line:
stage 1 widens whole gradients into a second buffer; stage 2 adds each pack's reduced partition to the sum,
straight out of the bucket where the sum is wider. The update holds one fp32 temporary of AdamW for its
partition and, where g != 4, the gradients flattened and widened; stage 3 does so for a group of 10^9 numbers
at a time, and flattens fp32 gradients, too. An offloaded optimizer keeps master, moments and an fp32 gradient
in host memory; stage 2 with fp32 sums keeps the sum on the card even then.
"""

from dataclasses import dataclass

from components.train.plan.settings import Settings
from components.train.plan.shapes import Shapes

ALWAYS, BACKWARD, TOWER, UPDATE, HOST = "always", "backward", "tower", "update", "host"
FP32 = 4
WEIGHTS, FROZEN, MASTER = "weights, trained", "weights, frozen", "fp32 master weights"
GRADIENTS, MOMENTS = "gradients, summed", "two fp32 Adam moments"
STATES = (WEIGHTS, FROZEN, MASTER, GRADIENTS, MOMENTS)


@dataclass(frozen=True)
class Part:
    """Bytes on a card while a phase lasts; `host`: bytes of the host's memory for this card."""

    name: str
    bytes: float
    phase: str


def state_parts(shapes: Shapes, settings: Settings) -> list[Part]:
    """Parts of one card, and of the host for one card; zero ones are left out."""
    stage, cards = settings.recipe.zero_stage, settings.gpus
    trained, item = shapes.all_trained, settings.item
    share = trained / cards if stage else trained
    held = 1 / cards if stage == 3 else 1.0
    optimizer = HOST if settings.recipe.offload else ALWAYS
    parts = [
        Part(WEIGHTS, item * trained * held, ALWAYS),
        Part(FROZEN, item * shapes.all_frozen, ALWAYS),
        Part(MASTER, FP32 * share if stage else 0, optimizer),
        Part(MOMENTS, 2 * FP32 * share, optimizer),
        *_gradients(shapes, settings, share),
        *_buffers(shapes, settings),
        *_update(settings, share),
    ]
    return [part for part in parts if part.bytes]


def _gradients(shapes: Shapes, settings: Settings, share: float) -> list[Part]:
    stage, offload = settings.recipe.zero_stage, settings.recipe.offload
    item, wide, trained = settings.item, settings.grad_item, shapes.all_trained
    if stage == 0:
        return [Part(GRADIENTS, item * trained, ALWAYS)]
    if stage == 1:
        produced = item * trained if wide != item else 0
        return [Part(GRADIENTS, wide * trained, ALWAYS), Part("gradients of a pack", produced, BACKWARD)]
    if stage == 3:
        return [Part(GRADIENTS, wide * share, HOST if offload else ALWAYS)]
    if wide != item:
        return [Part(GRADIENTS, wide * share, ALWAYS)]
    if offload:
        return [Part(GRADIENTS, wide * share, HOST)]
    return [Part(GRADIENTS, wide * share, ALWAYS), Part("gradients of a pack", item * share, BACKWARD)]


def _buffers(shapes: Shapes, settings: Settings) -> list[Part]:
    stage, item = settings.recipe.zero_stage, settings.item
    bf16_optimizer = stage == 1 and settings.grad_item != item and not settings.recipe.offload
    if stage == 0 or bf16_optimizer:  # neither of them reduces through buckets
        return []
    bucket = item * settings.bucket * (settings.buckets if stage < 3 else 1)
    live = item * min(settings.live, shapes.all_trained) if stage == 3 else 0
    staged = 2 * item * shapes.largest if settings.recipe.offload and stage < 3 else 0
    return [
        Part("reduction buckets", bucket, BACKWARD),
        Part("gathered weights", live, BACKWARD),
        Part("gradient on its way to the host", staged, BACKWARD),
    ]


def _update(settings: Settings, share: float) -> list[Part]:
    if settings.recipe.offload:
        # An fp32 gradient beside master and moments, and the rounded weights on their way back.
        return [Part("gradients and weights in transit", (FP32 + settings.item) * share, HOST)]
    sliced = settings.recipe.zero_stage == 3
    group = min(share, settings.group) if sliced else share
    widened = settings.grad_item + FP32 if settings.grad_item != FP32 else FP32 * sliced
    return [
        Part("AdamW's temporary", FP32 * group, UPDATE),
        Part("gradients flattened and widened", widened * group, UPDATE),
    ]
