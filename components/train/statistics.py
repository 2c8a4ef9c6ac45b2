"""Cross-entropies of supervised tokens by kind of token and by sample: what the curves are made of.

Shapes: M supervised tokens, T tokens of a pack, S sequences in it.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from components.model.encode import IGNORE
from components.protocol.states import LABELS

PARTS = (*LABELS, "text")


def by_kind(values_M: Tensor, targets_M: Tensor, state_ids: Sequence[int]) -> Tensor:
    """(2, 4) fp64: sums of `values_M` and row counts of silence, standby, response, other (text, end)."""
    states = torch.tensor(list(state_ids), device=targets_M.device)
    is_state_M3 = targets_M.unsqueeze(1) == states
    groups_M4 = torch.cat([is_state_M3, ~is_state_M3.any(1, keepdim=True)], 1).double()
    return torch.stack([groups_M4.T @ values_M.double(), groups_M4.sum(0)])


def means(statistics: Tensor) -> Mapping[str, float]:
    """Mean CE by kind of token from summed statistics (2, 4); 0 where there was none."""
    sums, rows = statistics.tolist()
    return {
        name: total / count if count else 0.0 for name, total, count in zip(PARTS, sums, rows, strict=True)
    }


def targets_of(labels_BT: Tensor) -> Tensor:
    """(M,) the supervised tokens, in the order of the rows that predict them."""
    targets_BT = labels_BT[:, 1:]
    return targets_BT[targets_BT != IGNORE]


def by_sequence(values_M: Tensor, rows: Sequence[int]) -> Tensor:
    """(2, S) fp64: sums of `values_M` and row counts of each sequence of a pack; `rows[i]` are sequence i's.

    The rows of a pack are those of its sequences, one after another (`sequence_of_rows`).
    """
    rows_S = torch.tensor(list(rows))
    segments_M = torch.repeat_interleave(torch.arange(len(rows)), rows_S)
    sums_S = torch.zeros(len(rows), dtype=torch.float64)
    return torch.stack([sums_S.index_add_(0, segments_M, values_M.double().cpu()), rows_S.double()])


def sequence_of_rows(labels_1T: Tensor, lengths: Sequence[int]) -> Tensor:
    """(M,) int64, where the labels lie: which sequence of a pack each supervised row is of, from 0.

    No first token of a sequence is supervised (`components.model.pack`), so a row belongs to the sequence of
    the token it predicts.
    """
    device = labels_1T.device
    lengths_S = torch.tensor(list(lengths), device=device)
    segments_T = torch.repeat_interleave(torch.arange(len(lengths), device=device), lengths_S)
    return segments_T[1:][labels_1T[0, 1:] != IGNORE]
