"""Room `world`: see the README beside this file."""

from components.world.generate import Heldout, render

__all__ = ["Heldout", "render"]
