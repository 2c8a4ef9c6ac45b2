"""Head and loss in chunks against the paper's formula written out again here, and against the contract.

Shapes: M supervised rows, D hidden, V vocabulary.
"""

import math

import pytest
import torch
from torch.nn import functional

from components.train import loss as contract
from components.train.fused import fused_rows
from components.train.loss import KINDS, state_aware_rows

STATES = (7, 8, 9)
M, D, V = 96, 24, 130
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
CASES = ("mixed", "absent", "stateless", "masked")
PAIRS = [(k, r) for r in contract.RULES for k in KINDS if (k, r) != ("class_balanced", "released")]


def naive(hidden, weight, targets, *, kind, rules="corrected", gamma=2.0, counts=None, normalizer=None):
    """The sum over M of text CE and weighted state CE, over |M|; full logits, plain autograd."""
    if not len(targets):
        return (hidden @ weight.T).sum() * 0.0
    ce = functional.cross_entropy(hidden @ weight.T, targets, reduction="none")
    n = counts or [int((targets == state).sum()) for state in STATES]
    present = sum(count > 0 for count in n)
    balanced = [(1 - 0.9999) / (1 - 0.9999**count) if count else 0.0 for count in n]
    total = ce[[int(target) not in STATES for target in targets]].sum()
    for k, state in enumerate(STATES):
        if not n[k]:
            continue
        own = ce[targets == state]
        missed = (1 - torch.exp(-own)) ** gamma
        alpha = sum(n) / ((present if rules == "released" else 3) * n[k])
        total = total + {
            "ce": own,
            "fixed": (0.3, 1.3, 2.0)[k] * own,
            "class_balanced": present * balanced[k] / sum(balanced) * own,
            "focal": alpha * missed * own,
            "focal_detached": alpha * missed.detach() * own,
        }[kind].sum()  # fmt: skip
    return total / (normalizer or len(targets))


def rows(case="mixed", dtype=torch.float64, seed=0):
    """Random hidden states, head and targets: a third states, none of one state, of any, no row at all."""
    generator = torch.Generator().manual_seed(seed)
    count = 0 if case == "masked" else M
    hidden = torch.randn(count, D, generator=generator, dtype=torch.float64)
    weight = torch.randn(V, D, generator=generator, dtype=torch.float64) * 0.7
    targets = torch.randint(10, V, (count,), generator=generator)
    if case in ("mixed", "absent"):
        states = torch.tensor([7, 7, 7, 9, 9] if case == "absent" else [7, 7, 7, 8, 9])
        places = torch.randperm(M, generator=generator)[: M // 3]
        targets[places] = states[torch.randint(0, 5, (M // 3,), generator=generator)]
        hidden[places[0]] = 3.0 * weight[targets[places[0]]]  # one state row that is surely right
    return hidden.to(dtype).requires_grad_(), weight.to(dtype).requires_grad_(), targets


def with_gradients(function, hidden, weight, *args, **options):
    """(value, gradient of hidden, gradient of weight) in fp64."""
    out = function(hidden, weight, *args, **options)
    value = out[0] if isinstance(out, tuple) else out
    return [part.detach().double() for part in (value, *torch.autograd.grad(value, (hidden, weight)))]


def by_contract(hidden, weight, targets, states, **options):
    return state_aware_rows(hidden @ weight.T, targets, states, **options)


def by_chunks(hidden, weight, targets, states, **options):
    return fused_rows(hidden, weight, targets, states, chunk_rows=20, **options)


def assert_close(got, expected, tolerance):
    for name, ours, theirs in zip(("value", "hidden", "weight"), got, expected, strict=True):
        assert (ours - theirs).norm() <= tolerance * theirs.norm(), name


def check_against_naive(function, kind, rules, case="mixed", dtype=torch.float64, **options):
    hidden, weight, targets = rows(case, dtype)
    got = with_gradients(function, hidden, weight, targets, STATES, kind=kind, rules=rules, **options)
    exact = (hidden.detach().double().requires_grad_(), weight.detach().double().requires_grad_())
    expected = with_gradients(naive, *exact, targets, kind=kind, rules=rules, **options)
    assert_close(got, expected, TOLERANCE[dtype])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("kind", "rules"), PAIRS)
@pytest.mark.parametrize("function", [by_contract, by_chunks])
def test_value_and_both_gradients_equal_the_naive_formula(function, kind, rules, dtype, case):
    check_against_naive(function, kind, rules, case, dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_counts_and_normalizer_of_a_whole_step(kind):
    for function in (by_contract, by_chunks):
        check_against_naive(function, kind, "corrected", counts=[310, 40, 25], normalizer=777.0)


def test_nothing_supervised_still_gives_both_gradients():
    hidden, weight, targets = rows("masked")
    value, by_hidden, by_weight = with_gradients(by_chunks, hidden, weight, targets, STATES, normalizer=0.0)
    assert value == 0 and by_hidden.shape == (0, D)
    assert by_weight.shape == (V, D) and not by_weight.any()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "focal_detached"])
def test_gradients_equal_finite_differences(kind):
    hidden, weight, targets = rows()
    inputs = (hidden[:9].detach().requires_grad_(), weight[:40, :6].detach().requires_grad_())
    targets = torch.where(targets[:9] < 10, targets[:9], targets[:9] % 40)
    targets[:3] = torch.tensor(STATES)
    assert torch.autograd.gradcheck(
        lambda h, w: fused_rows(h[:, :6], w, targets, STATES, kind=kind, chunk_rows=4)[0], inputs
    )


def more(function):
    return lambda *args, **options: function(*args, **options) * 1.001


@pytest.mark.parametrize("function", [by_contract, by_chunks])
@pytest.mark.parametrize(
    ("name", "changed", "kind"),
    [
        ("row_weights", more, "focal"),
        ("row_cross_entropy", more, "ce"),
        ("total_of_rows", more, "fixed"),
        ("alpha", more, "focal"),
        ("effective_number_weights", more, "class_balanced"),
        ("FIXED_WEIGHTS", lambda _: (0.3, 1.3, 2.001), "fixed"),
    ],
)
def test_a_changed_contract_is_noticed(monkeypatch, function, name, changed, kind):
    """One implementation: the comparison above fails for the chunked loss, too, if the contract's changes."""
    check_against_naive(function, kind, "corrected")
    monkeypatch.setattr(contract, name, changed(getattr(contract, name)))
    with pytest.raises(AssertionError):
        check_against_naive(function, kind, "corrected")


def test_another_formula_in_the_contract_is_followed(monkeypatch):
    """Weights of any form: the chunked gradients are the contract's own autograd."""
    monkeypatch.setattr(contract, "row_weights", lambda ce, targets, *_, **__: torch.sqrt(1 + ce) * targets)
    got, expected = (
        with_gradients(function, *rows(), STATES, kind="focal") for function in (by_chunks, by_contract)
    )
    assert_close(got, expected, 1e-12)


@pytest.mark.parametrize("chunk_rows", [1, 7, M - 1, M, 10 * M])
def test_chunks_change_nothing_beyond_rounding(chunk_rows):
    hidden, weight, targets = rows()
    got = with_gradients(fused_rows, hidden, weight, targets, STATES, chunk_rows=chunk_rows)
    assert_close(got, with_gradients(by_contract, hidden, weight, targets, STATES), 1e-13)


def test_cross_entropies_are_given_without_gradient():
    hidden, weight, targets = rows()
    _, ce = fused_rows(hidden, weight, targets, STATES, chunk_rows=20)
    assert not ce.requires_grad
    torch.testing.assert_close(ce, functional.cross_entropy(hidden @ weight.T, targets, reduction="none"))


def test_the_backward_scales_and_can_be_repeated():
    hidden, weight, targets = rows()
    loss, _ = fused_rows(hidden, weight, targets, STATES, chunk_rows=20)
    once = torch.autograd.grad(loss, (hidden, weight), retain_graph=True)
    again = torch.autograd.grad(-2.5 * loss, (hidden, weight))
    for one, other in zip(once, again, strict=True):
        torch.testing.assert_close(other, -2.5 * one)


@pytest.mark.parametrize("wanted", [(True, False), (False, True), (False, False)])
def test_gradients_nobody_wants_are_not_made(wanted):
    hidden, weight, targets = rows()
    expected = with_gradients(by_contract, hidden, weight, targets, STATES)
    parts = [part.detach().requires_grad_(want) for part, want in zip((hidden, weight), wanted, strict=True)]
    loss, _ = fused_rows(*parts, targets, STATES, chunk_rows=20)
    assert loss.item() == pytest.approx(expected[0].item(), rel=1e-12)
    assert loss.requires_grad == any(wanted)
    if any(wanted):
        loss.backward()
    for part, want, gradient in zip(parts, wanted, expected[1:], strict=True):
        assert (part.grad is None) == (not want)
        if want:
            torch.testing.assert_close(part.grad, gradient)


@pytest.mark.parametrize(
    "dtypes", [(torch.bfloat16, torch.bfloat16), (torch.bfloat16, torch.float32), (torch.float32,) * 2]
)
def test_half_precision_sums_the_weight_gradient_in_fp32(dtypes):
    """300 rows, one at a time: a bf16 sum would stand still once it is 256 times what is added."""
    hidden, weight, _ = rows(dtype=torch.float32)
    hidden = hidden[:1].detach().repeat(300, 1).to(dtypes[0]).requires_grad_()
    weight = weight.detach().to(dtypes[1]).requires_grad_()
    targets = torch.full((300,), 11)
    value, by_hidden, by_weight = with_gradients(
        fused_rows, hidden, weight, targets, STATES, kind="ce", normalizer=1.0, chunk_rows=1
    )
    wide = (hidden.detach().double().requires_grad_(), weight.detach().double().requires_grad_())
    expected = with_gradients(naive, *wide, targets, kind="ce", normalizer=1.0)
    assert_close((value, by_hidden, by_weight), expected, 1e-2)
    loss, ce = fused_rows(hidden, weight, targets, STATES)
    assert loss.dtype == ce.dtype == torch.float32
    loss.backward()
    assert (hidden.grad.dtype, weight.grad.dtype) == dtypes


def test_released_rules_keep_the_dtype_of_the_logits():
    hidden, weight, targets = rows(dtype=torch.bfloat16)
    loss, ce = fused_rows(hidden, weight, targets, STATES, rules="released")
    assert loss.dtype == ce.dtype == torch.bfloat16
    expected = by_contract(hidden, weight, targets, STATES, rules="released")
    assert math.isclose(loss.item(), expected.item(), rel_tol=2**-7)


@pytest.mark.parametrize("options", [{"chunk_rows": 0}, {"kind": "focall"}, {"gamma": -1.0}])
def test_undefined_options_are_refused(options):
    with pytest.raises(ValueError, match=r"expected"):
        fused_rows(*rows(), STATES, **options)
    with pytest.raises(ValueError, match="three different ids"):
        fused_rows(*rows(), (7, 8, V))
