"""OVO-Bench as it is published, asked online: the running half of `streamo evaluate --suite ovo-bench`."""

from components.evaluate.ovo_bench.bench import run
from components.evaluate.ovo_bench.settings import PROTOCOLS, Settings

__all__ = ["PROTOCOLS", "Settings", "run"]
