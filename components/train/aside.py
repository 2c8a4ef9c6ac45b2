"""What is frozen stands aside while DeepSpeed trains: it sees, cuts, hooks and saves only what is trained.

The tower runs outside the step, on whichever rank lacks a video's features. Under ZeRO-3 every call of a
module that DeepSpeed knows may be a collective operation, which the other ranks would never enter.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import Parameter


@dataclass(frozen=True)
class Split:
    """A module with trained and frozen parts: its registered children and parameters, whole and without."""

    module: nn.Module
    modules: dict[str, nn.Module | None]
    parameters: dict[str, Parameter | None]

    def hide(self) -> None:
        """Leave the frozen parts as plain attributes: code finds them, a walk over the module does not."""
        module = self.module
        aside = {name: child for name, child in self.modules.items() if child is not None and frozen(child)}
        bare = {
            name: value
            for name, value in self.parameters.items()
            if value is not None and not value.requires_grad
        }
        module._modules = {name: child for name, child in self.modules.items() if name not in aside}
        module._parameters = {name: value for name, value in self.parameters.items() if name not in bare}
        module.__dict__.update(aside, **bare)

    def show(self) -> None:
        """Register everything again, in its old order."""
        module = self.module
        for name in (*self.modules, *self.parameters):
            module.__dict__.pop(name, None)
        module._modules, module._parameters = dict(self.modules), dict(self.parameters)

    def to(self, device: torch.device | str) -> None:
        """Move what is aside."""
        for child in self.modules.values():
            if child is not None and frozen(child):
                child.to(device)
        for value in self.parameters.values():
            if value is not None and not value.requires_grad:
                value.data = value.data.to(device)


class Aside:
    """The frozen parts of `module`, hidden from now on."""

    def __init__(self, module: nn.Module) -> None:
        self.splits = [
            Split(part, dict(part._modules), dict(part._parameters))
            for part in module.modules()
            if trained(part) and any(not value.requires_grad for value in part.parameters())
        ]
        for split in self.splits:
            split.hide()

    @contextmanager
    def back(self) -> Iterator[None]:
        """The whole model while the block runs, to write it."""
        for split in self.splits:
            split.show()
        try:
            yield
        finally:
            for split in self.splits:
                split.hide()


def trained(module: nn.Module) -> bool:
    """Whether anything in it is trained."""
    return any(value.requires_grad for value in module.parameters())


def frozen(module: nn.Module) -> bool:
    """Whether nothing in it is trained; also where it has no parameter."""
    return not trained(module)
