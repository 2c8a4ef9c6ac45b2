"""The losses against a hand-written reference, numeric gradients and the facts of the paper."""

import math

import pytest
import torch

from components.train.loss import IGNORE, KINDS, alpha, state_aware_loss, state_counts

STATES = (7, 8, 9)
V = 12


def naive(logits, labels, *, kind, gamma=2.0, counts=None, normalizer=None, rules="corrected"):
    """The formulas of the paper in plain Python floats, one row at a time."""
    rows = []
    for b in range(len(labels)):
        for t in range(len(labels[b]) - 1):
            if labels[b][t + 1] != IGNORE:
                rows.append((logits[b][t], labels[b][t + 1]))
    n = counts or [sum(label == state for _, label in rows) for state in STATES]
    classes = 3 if rules == "corrected" else sum(count > 0 for count in n)
    total = 0.0
    for row, label in rows:
        log_z = math.log(sum(math.exp(x) for x in row))
        ce = log_z - row[label]
        weight = 1.0
        if label in STATES and kind != "ce":
            k = STATES.index(label)
            balanced = sum(n) / (classes * n[k]) if n[k] else 0.0
            focal = (1 - math.exp(-ce)) ** gamma
            weight = {
                "fixed": (0.3, 1.3, 2.0)[k], "class_balanced": balanced,
                "focal": balanced * focal, "focal_detached": balanced * focal,
            }[kind]  # fmt: skip
        total += weight * ce
    return total / (normalizer or len(rows)) if rows else 0.0


def batch(seed=0, states=True):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(3, 9, V, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, V if states else 7, (3, 9), generator=generator)
    labels[torch.rand(3, 9, generator=generator) < 0.3] = IGNORE
    return logits, labels


@pytest.mark.parametrize("rules", ["corrected", "released"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_naive_reference(kind, rules, seed):
    logits, labels = batch(seed)
    ours = state_aware_loss(logits, labels, STATES, kind=kind, rules=rules)
    assert ours.item() == pytest.approx(
        naive(logits.tolist(), labels.tolist(), kind=kind, rules=rules), rel=1e-12
    )


@pytest.mark.parametrize("kind", ["focal", "class_balanced"])
def test_counts_and_normalizer_are_taken_from_outside(kind):
    logits, labels = batch(1)
    options = {"kind": kind, "counts": [30, 5, 2], "normalizer": 77.0}
    expected = naive(logits.tolist(), labels.tolist(), **options)
    assert state_aware_loss(logits, labels, STATES, **options).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "focal_detached"])
def test_gradient_equals_finite_differences(kind):
    logits, labels = batch(2)
    logits = logits[:, :5].clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: state_aware_loss(x, labels[:, :5], STATES, kind=kind), (logits,)
    )


def test_focal_gradient_flows_through_the_factor():
    """dL/dz_j = c (p_j - 1[j = y]) / N, c = alpha (q^g + g q^(g-1) p CE); detached lacks the second term."""
    logits = torch.tensor([[[0.3, -0.2, *[0.1] * (V - 2)]] * 2], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([[IGNORE, STATES[0]]])
    p = torch.softmax(logits[0, 0].detach(), 0)
    q, ce = 1 - p[7], -p[7].log()
    for kind, c in (("focal", q**2 + 2 * q * p[7] * ce), ("focal_detached", q**2)):
        (grad,) = torch.autograd.grad(state_aware_loss(logits, labels, STATES, kind=kind), logits)
        one_hot = torch.nn.functional.one_hot(torch.tensor(7), V)
        torch.testing.assert_close(grad[0, 0], c / 3 * (p - one_hot))  # alpha is (1/3) * 1/1


def test_without_states_every_kind_is_plain_cross_entropy():
    logits, labels = batch(3, states=False)
    flat = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, V), labels[:, 1:].reshape(-1))
    for kind in KINDS:
        torch.testing.assert_close(state_aware_loss(logits, labels, STATES, kind=kind), flat)


def test_nothing_supervised_gives_zero_with_zero_gradient():
    logits = torch.randn(2, 4, V, requires_grad=True)
    loss = state_aware_loss(logits, torch.full((2, 4), IGNORE), STATES)
    loss.backward()
    assert loss.item() == 0.0 and torch.count_nonzero(logits.grad) == 0


def test_absent_state_has_no_weight_and_no_nan():
    torch.testing.assert_close(
        alpha(torch.tensor([6, 0, 2])), torch.tensor([8 / 18, 0, 8 / 6], dtype=torch.float64)
    )
    released = alpha(torch.tensor([6, 0, 2]), rules="released")
    torch.testing.assert_close(released, torch.tensor([8 / 12, 0, 2], dtype=torch.float64))
    assert alpha(torch.zeros(3)).tolist() == [0, 0, 0]


def test_bf16_rows_are_computed_in_fp32():
    """Near p = 1 the bf16 focal factor is exactly 0 under the released rules; in fp32 it is not."""
    logits = torch.zeros(1, 2, V, dtype=torch.bfloat16)
    logits[0, 0, 7] = 10.0
    labels = torch.tensor([[IGNORE, 7]])
    corrected = state_aware_loss(logits, labels, STATES)
    assert corrected.dtype == torch.float32 and corrected.item() > 0
    assert state_aware_loss(logits, labels, STATES, rules="released").dtype == torch.bfloat16


def test_micro_batches_with_shared_counts_add_up_to_the_whole_step():
    logits, labels = batch(5)
    counts, rows = state_counts(labels, STATES), int((labels[:, 1:] != IGNORE).sum())
    whole = state_aware_loss(logits, labels, STATES)
    parts = [
        state_aware_loss(logits[i : i + 1], labels[i : i + 1], STATES, counts=counts, normalizer=rows)
        for i in range(3)
    ]
    torch.testing.assert_close(sum(parts), whole)


def test_unknown_kind_is_refused():
    logits, labels = batch()
    with pytest.raises(ValueError, match="focal"):
        state_aware_loss(logits, labels, STATES, kind="focall")
