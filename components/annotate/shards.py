"""Which videos belong to which shard, so that shards are annotated, cached and dispatched one by one."""

from collections.abc import Sequence
from typing import Any

from components.core.errors import UsageError
from components.core.seeds import derive


def parse_shard(text: str, shards: Sequence[Any]) -> Any:
    """The entry of params `annotate.shards` that a command line spells; UsageError if there is none."""
    for shard in shards:
        if str(shard) == text:
            return shard
    raise UsageError(f"--shard {text}: not in params annotate.shards {list(shards)}")


def in_shard(video_id: str, shard: Any, shards: Sequence[Any]) -> bool:
    """Whether a video belongs to `shard`: by a hash of its name, so that a new video moves no other."""
    return bool(shards[derive(0, "shard", video_id) % len(shards)] == shard)
