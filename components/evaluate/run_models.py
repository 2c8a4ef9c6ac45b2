"""The models of one training run: the last step and those kept beside it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.core.progress import Progress
from components.evaluate.run_frames import VideoFrames
from components.infer.plans import Plan, Watched
from components.infer.policies import Outside, Policy, from_folder, open_streams
from components.infer.spent import Spent
from components.model.adapter import Adapter, load
from components.video.root import MediaRoot


@dataclass(frozen=True)
class Checkpoint:
    """A model folder and the training step it was saved at."""

    step: int
    folder: Path


def checkpoints(model: Path) -> list[Checkpoint]:
    """The models kept in a training product, the last step first, then the earlier ones in order."""
    kept = sorted(model.glob("step-*/streamo.json"))
    found = [Checkpoint(step_of(path), path.parent) for path in kept]
    return [Checkpoint(step_of(model / "streamo.json"), model), *sorted(found, key=lambda kept: kept.step)]


def step_of(path: Path) -> int:
    """The training step that `streamo.json` names."""
    step = read_json(path).get("step")
    if not isinstance(step, int):
        raise DataError(f"{path}: `step` must be the training step, got {step!r}")
    return step


class Runner:
    """Watches plans with one model after another, on frames that all of them share; `spent` adds up."""

    def __init__(self, media: Path, turns: dict[str, int], *, max_new_tokens: int, fps: int = 1):
        self.media, self.turns, self.fps = MediaRoot(media), turns, fps
        self.max_new_tokens = max_new_tokens
        self.spent = Spent()
        self.adapter: Adapter | None = None
        self.policy: Policy | Outside | None = None
        self.frames: VideoFrames | None = None

    def use(self, model: Path) -> None:
        """Load the model that `watch` uses from now on, with the policy it was trained for."""
        self.adapter = load(model)
        self.policy = from_folder(model, self.adapter)
        if self.frames is None:
            self.frames = VideoFrames(self.adapter, self.media, self.turns, fps=self.fps)
        self.frames.serve(self.adapter)

    def watch(self, plans: Sequence[Plan], label: str) -> list[Watched]:
        """The plans as the model in use watches them; prints a progress line called `label`."""
        assert self.adapter and self.frames and self.policy, "use() comes first"
        tokens = self.max_new_tokens
        engine = open_streams(self.policy, self.adapter, self.frames, max_new_tokens=tokens)
        progress = Progress(label, len(plans))
        # At more frames a second the last turn of a query may be cut, and streams are no longer alike.
        watched = engine.watch(plans, share=self.fps == 1, done=progress.step)
        self.spent = self.spent + engine.spent
        return watched


def cost(spent: Spent, seconds: float) -> dict[str, Any]:
    """What watching took, for the run record (never for a product)."""
    turns = max(1, spent.turns)
    return {
        **asdict(spent),
        "watch_seconds": round(seconds, 1),
        "ms_per_turn": round(1000 * seconds / turns, 3),
        "forwards_per_turn": round(spent.forwards / turns, 4),
        "tokens_per_turn": round(spent.tokens / turns, 2),
    }
