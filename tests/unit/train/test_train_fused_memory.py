"""How many tensors as large as a chunk of logits exist at once: counted, not timed.

Shapes: M supervised rows, C rows of a chunk, D hidden, V vocabulary.
"""

import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from components.train.fused import fused_rows
from components.train.loss import state_aware_rows

STATES = (7, 8, 9)
M, C, D, V = 120, 16, 8, 500


class Large(TorchDispatchMode):
    """Largest tensor made in the block, and the most storages of at least `at_least` values alive at once."""

    def __init__(self, at_least):
        super().__init__()
        self.at_least, self.largest, self.most = at_least, 0, 0
        self.alive = weakref.WeakSet()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self.largest = max(self.largest, leaf.numel())
                if leaf.numel() >= self.at_least:
                    self.alive.add(Storage.of(leaf))
        self.most = max(self.most, len(self.alive))
        return out


class Storage:
    """One per storage, alive as long as a tensor of it is."""

    @staticmethod
    def of(tensor):
        storage = tensor.untyped_storage()
        if not hasattr(storage, "mark"):
            storage.mark = Storage()
        return storage.mark


def inputs():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(M, D, generator=generator).requires_grad_()
    weight = torch.randn(V, D, generator=generator).requires_grad_()
    targets = torch.randint(0, 20, (M,), generator=generator)
    return hidden, weight, targets


@pytest.mark.parametrize("kind", ["focal", "ce"])
def test_one_chunk_of_logits_exists_at_a_time(kind):
    hidden, weight, targets = inputs()
    with Large(C * V) as seen:
        fused_rows(hidden, weight, targets, STATES, kind=kind, chunk_rows=C)[0].backward()
    assert seen.largest == C * V and seen.most == 1


def test_plain_autograd_holds_full_logits_several_times():
    """What the count above would show if the chunked loss kept its logits."""
    hidden, weight, targets = inputs()
    with Large(M * V) as seen:
        state_aware_rows(hidden @ weight.T, targets, STATES).backward()
    assert seen.largest == M * V and seen.most >= 2
