"""Timing outside the vocabulary: a head on the hidden state, and a gate that sees frames and question alone.

Both are trained by the train stage for the rivals (components/train/README.md) and read by
`components.infer.policies`; what they leave on disk is safetensors.

Shapes: M rows, B moments, K turns looked back on, F width of a tower row, D hidden, N visual rows.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from components.core.errors import DataError
from components.model.adapter import Adapter

HEAD_FILE = "head.safetensors"
GATE_FILE = "gate.safetensors"
GATE_TURNS = 4
GATE_HIDDEN = 64


class SpeakHead(nn.Module):
    """Hidden states (M, D) at the state position -> logit (M,) of speaking; begins at 0, without a seed."""

    def __init__(self, width: int, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.out = nn.Linear(width, 1, dtype=dtype)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, hidden_MD: Tensor) -> Tensor:
        """Logits in fp32."""
        logits_M: Tensor = self.out(hidden_MD)[:, 0].float()
        return logits_M


class Gate(nn.Module):
    """Pooled frames (B, K, F) and pooled question (B, D) -> logit (B,) of speaking now; no language model."""

    def __init__(self, frame_width: int, text_width: int, turns: int = GATE_TURNS, hidden: int = GATE_HIDDEN):
        super().__init__()
        self.frames, self.question = nn.LayerNorm(turns * frame_width), nn.LayerNorm(text_width)
        self.inner = nn.Linear(turns * frame_width + text_width, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, frames_BKF: Tensor, question_BD: Tensor) -> Tensor:
        """Logits (B,)."""
        seen = torch.cat([self.frames(frames_BKF.flatten(1)), self.question(question_BD)], 1)
        logits_B: Tensor = self.out(torch.relu(self.inner(seen)))[:, 0]
        return logits_B


def pool_frames(rows: Sequence[Tensor], turns: int = GATE_TURNS) -> Tensor:
    """(K, F) fp32: mean tower row of each of the last K turns, the first one repeated where there are fewer.

    rows: (n, F) of each turn so far, at least one.
    """
    means = [each.float().mean(0) for each in rows[-turns:]]
    return torch.stack([*[means[0]] * (turns - len(means)), *means])


@torch.no_grad()
def pool_question(adapter: Adapter, question: str) -> Tensor:
    """(D,) fp32: mean of the input embeddings of a question's tokens."""
    ids = torch.tensor(adapter.text_ids(question), device=adapter.model.device)
    mean_D: Tensor = adapter.model.get_input_embeddings()(ids).float().mean(0)
    return mean_D


def save_module(module: nn.Module, path: Path) -> None:
    """Write the module's tensors, names sorted."""
    from safetensors.torch import save_file

    tensors = {name: value.detach().cpu().contiguous() for name, value in sorted(module.state_dict().items())}
    save_file(tensors, path)
    path.chmod(0o644)


def load_head(folder: Path) -> SpeakHead:
    """The head of a model folder; DataError where it is missing or has other tensors."""
    tensors = read_tensors(folder / HEAD_FILE, ("out.bias", "out.weight"))
    head = SpeakHead(tensors["out.weight"].shape[1], tensors["out.weight"].dtype)
    head.load_state_dict(tensors)
    return head.requires_grad_(False)


def load_gate(folder: Path, turns: int) -> Gate:
    """The gate of a model folder that looks back on `turns`; DataError if it is missing or does not fit."""
    names = [
        f"{part}.{kind}" for part in ("frames", "inner", "out", "question") for kind in ("bias", "weight")
    ]
    tensors = read_tensors(folder / GATE_FILE, names)
    width, left = divmod(len(tensors["frames.weight"]), turns)
    if left:
        raise DataError(
            f"{folder / GATE_FILE}: {len(tensors['frames.weight'])} frame inputs for {turns} turns"
        )
    gate = Gate(width, len(tensors["question.weight"]), turns, len(tensors["inner.bias"]))
    gate.load_state_dict(tensors)
    return gate.requires_grad_(False)


def read_tensors(path: Path, names: Sequence[str]) -> dict[str, Tensor]:
    """The tensors of a safetensors file; DataError unless it holds exactly `names`."""
    from safetensors.torch import load_file

    if not path.is_file():
        raise DataError(f"{path}: no such file; the model's streamo.json names a method that needs it")
    tensors: dict[str, Tensor] = load_file(path)
    if sorted(tensors) != sorted(names):
        raise DataError(f"{path}: tensors {', '.join(sorted(tensors))}, expected {', '.join(sorted(names))}")
    return tensors
