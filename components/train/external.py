"""Method `external`: a small gate decides when an untouched offline model answers (Dispider, StreamBridge).

Their deciders are models of their own beside the language model; this one sees what such a model is given:
the frozen tower's frames of the last seconds and the question. It is trained on every turn of the train split
on which a question stands, binary cross-entropy weighted by class over all of them, in seconds on one core,
so there are no ranks, checkpoints or engine. The product is the base's files with the gate beside them.

Shapes: R turns (rows), K turns looked back on, F width of a tower row, D of an embedding.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from components.core.errors import DataError
from components.core.files import write_json
from components.core.progress import Progress
from components.core.seeds import derive, rng
from components.model.adapter import Adapter, load
from components.model.features import FeatureCache
from components.model.timing import GATE_FILE, GATE_TURNS, Gate, pool_question, save_module
from components.protocol.states import State
from components.protocol.turns import Dialogue
from components.train.curves import LOSS_COLUMNS, Curves
from components.train.engine import schedule
from components.train.head import best_threshold
from components.train.methods import EXTERNAL, loss_of
from components.train.recipe import RUNTIME, Recipe
from components.train.samples import read_split
from components.video.root import MediaRoot
from components.video.source import VideoSource

ROWS = 512  # turns of a step
SLICE = 128  # samples of the train split that the threshold is chosen on


@dataclass(frozen=True)
class Rows:
    """Turns on which a question stands, as indices.

    frames: (T, F) of all videos. questions: (Q, D). seen: (R, K) into frames. asked: (R,) into questions.
    due: (R,) fp32, 1 where a Response is due. samples: (R,) which sample a turn is of.
    """

    frames: Tensor
    questions: Tensor
    seen: Tensor
    asked: Tensor
    due: Tensor
    samples: Tensor

    def logits(self, gate: Gate, chosen: Tensor) -> Tensor:
        """Of some rows."""
        out: Tensor = gate(self.frames[self.seen[chosen]], self.questions[self.asked[chosen]])
        return out

    @torch.no_grad()
    def shares(self, gate: Gate, chosen: Tensor) -> list[float]:
        """Probabilities of speaking, some thousand rows at a time."""
        parts = [self.logits(gate, part).sigmoid() for part in torch.split(chosen, 4096)]
        found: list[float] = torch.cat(parts).tolist() if parts else []
        return found


def train_external(
    out_dir: Path, *, base: Path, dataset: Path, media: Path, recipe: Recipe, seed: int
) -> dict[str, Any]:
    """Train the gate and write the product; see `run.train` for the arguments. Returns counts."""
    torch.set_num_threads(1)  # the same bytes everywhere
    adapter, samples = load(base, dtype=recipe.dtype), read_split(dataset, "train")
    rows = make_rows(adapter, samples, VideoSource(MediaRoot(media)))
    torch.manual_seed(derive(seed, "gate"))
    gate = Gate(rows.frames.shape[1], rows.questions.shape[1])
    curves = Curves([sample.task for sample in samples])
    for step, loss, rate in fit(gate, rows, recipe, seed):
        blank = dict.fromkeys(LOSS_COLUMNS[2:])
        curves.loss.append({**blank, "step": step, "loss": loss, "lr": rate})
    spaced = torch.tensor([place * len(samples) // SLICE for place in range(SLICE)])
    chosen = torch.isin(rows.samples, spaced).nonzero()[:, 0]
    threshold = best_threshold(rows.shares(gate, chosen), (rows.due[chosen] > 0).tolist())
    for path in sorted(base.iterdir()):
        if path.is_file() and path.name != "identity.json":
            shutil.copyfile(path, out_dir / path.name)
    save_module(gate, out_dir / GATE_FILE)
    write_json(out_dir / "streamo.json", describe(recipe, seed, threshold))
    curves.write(out_dir)
    return {"samples": len(samples), "rows": len(rows.due), "due": int(rows.due.sum()), "steps": recipe.steps}


def fit(gate: Gate, rows: Rows, recipe: Recipe, seed: int) -> Iterator[tuple[int, float, float]]:
    """Train with the recipe's AdamW and schedule; yields step, loss and learning rate."""
    due = rows.due.mean().clamp(1e-6, 1 - 1e-6)
    weights_R = torch.where(rows.due > 0, 0.5 / due, 0.5 / (1 - due))
    optimizer = torch.optim.AdamW(
        gate.parameters(), lr=recipe.lr, betas=recipe.betas, weight_decay=recipe.weight_decay
    )
    factor, progress = schedule(recipe), Progress("train the gate", recipe.steps)
    for step in range(recipe.steps):
        rate = recipe.lr * factor(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = torch.from_numpy(rng(seed, "gate rows", step).integers(len(rows.due), size=ROWS))
        logits = rows.logits(gate, chosen)
        loss = binary_cross_entropy_with_logits(logits, rows.due[chosen], weights_R[chosen])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        progress.step(note=f"loss {float(loss):.4f}")
        yield step + 1, float(loss), rate


def make_rows(adapter: Adapter, samples: Sequence[Dialogue], source: VideoSource) -> Rows:
    """Every turn of the samples on which a question stands; DataError where there is none."""
    lengths: dict[str, int] = defaultdict(int)
    for sample in samples:
        lengths[sample.video_id] = max(lengths[sample.video_id], len(sample.turns))
    cache = FeatureCache(adapter, source, budget_mb=0)
    frames: list[Tensor] = []
    starts: dict[str, int] = {}
    progress = Progress("frames for the gate", len(lengths))
    for video_id, turns in sorted(lengths.items()):
        starts[video_id] = len(frames)
        frames += [rows.float().mean(0) for rows in cache.get(video_id, turns).rows]
        progress.step()
    seen, asked, due, of = [], [], [], []
    texts: dict[str, int] = {}
    for place, sample in enumerate(samples):
        question = -1
        for turn in sample.turns:
            for text in turn.questions:
                question = texts.setdefault(text, len(texts))
            if question >= 0:
                start, last = starts[sample.video_id], turn.turn
                seen.append([start + max(0, last - back) for back in range(GATE_TURNS - 1, -1, -1)])
                asked.append(question)
                due.append(float(turn.state is State.RESPONSE))
                of.append(place)
    if not asked:
        raise DataError("the train split has no turn on which a question stands: nothing to train a gate on")
    questions = torch.stack([pool_question(adapter, text) for text in texts])
    return Rows(
        torch.stack(frames), questions, torch.tensor(seen), torch.tensor(asked), torch.tensor(due),
        torch.tensor(of),
    )  # fmt: skip


def describe(recipe: Recipe, seed: int, threshold: float) -> dict[str, Any]:
    """`streamo.json`: what a reader must know beyond the base's configuration."""
    return {
        "schema": 1,
        "fps": 1,
        "window_turns": recipe.window_turns,
        "method": EXTERNAL,
        "loss": loss_of(EXTERNAL),
        "policy": {"name": EXTERNAL, "threshold": threshold, "turns": GATE_TURNS},
        "seed": seed,
        "step": recipe.steps,
        "recipe": {key: value for key, value in asdict(recipe).items() if key not in RUNTIME},
    }
