"""The vision tower without its connector: the library calls one behind the other, ours keeps them apart."""

import copy
from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_made: "WeakKeyDictionary[nn.Module, nn.Module]" = WeakKeyDictionary()


def bare_tower(visual: Any, connector: tuple[str, ...]) -> Any:
    """A shallow copy of `visual` whose children named in `connector` pass on what they get; made once.

    Rows before the connector are asked for, so its work would be thrown away. And where a training engine
    cuts the connector's weights over ranks, calling it is a collective operation that other ranks know
    nothing of: the copy has none of the engine's hooks. Children that stand aside (train/aside.py) are found.
    """
    if visual not in _made:
        tower = copy.copy(visual)
        kept = {name: value for name, value in vars(visual).items() if isinstance(value, nn.Module)}
        tower._modules = {**visual._modules, **kept}
        for name in connector:
            child = tower._modules[name]
            many = isinstance(child, nn.ModuleList)
            tower._modules[name] = nn.ModuleList(nn.Identity() for _ in child) if many else nn.Identity()
            vars(tower).pop(name, None)
        for name in HOOKS:
            setattr(tower, name, OrderedDict())
        _made[visual] = tower
    return _made[visual]
