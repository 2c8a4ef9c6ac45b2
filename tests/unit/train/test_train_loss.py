"""The losses against a hand-written reference, numeric gradients and the facts of the paper."""

import math

import pytest
import torch

from components.train.loss import (
    IGNORE,
    KINDS,
    alpha,
    effective_number_weights,
    state_aware_loss,
    state_counts,
)

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
            focal = (1 - math.exp(-ce)) ** gamma * (sum(n) / (classes * n[k]) if n[k] else 0.0)
            weight = {
                "fixed": (0.3, 1.3, 2.0)[k], "class_balanced": class_balanced(n)[k],
                "focal": focal, "focal_detached": focal,
            }[kind]  # fmt: skip
        total += weight * ce
    return total / (normalizer or len(rows)) if rows else 0.0


def class_balanced(n, beta=0.9999):
    """Cui et al. 2019: (1 - beta) / (1 - beta^n), scaled to sum to the number of classes present."""
    raw = [(1 - beta) / (1 - beta**count) if count else 0.0 for count in n]
    return [weight * sum(count > 0 for count in n) / sum(raw) for weight in raw]


def combinations():
    pairs = [(kind, rules) for rules in ("corrected", "released") for kind in KINDS]
    return [pair for pair in pairs if pair != ("class_balanced", "released")]


def batch(seed=0, states=True):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(3, 9, V, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, V if states else 7, (3, 9), generator=generator)
    labels[torch.rand(3, 9, generator=generator) < 0.3] = IGNORE
    return logits, labels


@pytest.mark.parametrize(("kind", "rules"), combinations())
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


def test_effective_number_lies_between_plain_and_inverse_frequency():
    weights = effective_number_weights(torch.tensor([12000, 3000, 2000]))
    assert weights.sum().item() == pytest.approx(3) and weights.tolist() == pytest.approx(
        class_balanced([12000, 3000, 2000]), rel=1e-12
    )
    assert 1 < weights[1] / weights[0] < 4 and 1 < weights[2] / weights[0] < 6
    inverse = effective_number_weights(torch.tensor([12, 3, 2]), beta=1 - 1e-9)
    torch.testing.assert_close(inverse / inverse[0], torch.tensor([1, 4, 6], dtype=torch.float64))
    absent = effective_number_weights(torch.tensor([50, 0, 7]))
    assert absent[1] == 0 and absent.sum().item() == pytest.approx(2)
    assert effective_number_weights(torch.zeros(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_a_row_that_is_surely_right_has_a_finite_gradient(gamma):
    """(1-p)^gamma has an infinite slope at p = 1 for gamma below 1; the loss has none."""
    logits = torch.zeros(1, 2, V)
    logits[0, 0, 7] = 200.0
    logits.requires_grad_()
    loss = state_aware_loss(logits, torch.tensor([[IGNORE, 7]]), STATES, gamma=gamma)
    loss.backward()
    assert loss.item() == 0.0 and torch.isfinite(logits.grad).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "focall"}, "focal"),
        ({"rules": "relaxed"}, "corrected"),
        ({"gamma": -1.0}, "gamma"),
        ({"kind": "class_balanced", "rules": "released"}, "released"),
    ],
)
def test_undefined_options_are_refused(options, said):
    logits, labels = batch()
    with pytest.raises(ValueError, match=said):
        state_aware_loss(logits, labels, STATES, **options)


@pytest.mark.parametrize("states", [(7, 8), (7, 8, 9, 10), (7, 8, 8), (7, 8, V), (-1, 8, 9)])
def test_states_that_are_not_three_different_tokens_are_refused(states):
    logits, labels = batch()
    with pytest.raises(ValueError, match="three different ids"):
        state_aware_loss(logits, labels, states)
