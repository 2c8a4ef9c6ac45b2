"""The rivals' methods: what they are taught, and that each product decides as it was trained to."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from components.core.errors import UsageError
from components.core.files import read_json
from components.infer.plans import Plan
from components.infer.policies import Eos, External, Head, from_folder, open_streams
from components.model.adapter import load
from components.model.features import FeatureCache
from components.model.pack import supervised_rows
from components.protocol.states import State
from components.train.data import open_data, slice_packs
from components.train.head import HeadedLoss, best_threshold
from components.train.labels import label_counts
from components.train.loss import is_state
from components.train.methods import METHODS, RIVALS, as_taught, loss_options
from components.train.run import open_adapter, train_job
from components.train.samples import read_split
from components.video.root import MediaRoot
from components.video.source import VideoSource
from tests.support.train_jobs import job_of

KINDS_OF_POLICY = {"eos": Eos, "head": Head, "external": External}


class Shown:
    """Frames of the products' videos."""

    def __init__(self, adapter, media):
        self.cache = FeatureCache(adapter, VideoSource(MediaRoot(media)))

    def rows(self, video, turn, until_s):
        seen = self.cache.get(video, turn + 1)
        return seen.rows[turn], seen.grids[turn]


def test_rivals_know_no_standby(products):
    samples = read_split(products.dataset, "train")
    assert any(turn.state is State.STANDBY for sample in samples for turn in sample.turns)
    for sample in samples:
        taught = as_taught(sample, "eos")
        assert [turn.state is State.RESPONSE for turn in taught.turns] == [
            turn.state is State.RESPONSE for turn in sample.turns
        ]
        assert State.STANDBY not in {turn.state for turn in taught.turns}
        assert as_taught(sample, "ce") is sample


def test_the_released_rules_have_no_rival(recipe):
    for method in METHODS:
        loss_options(method, recipe)
    for method in RIVALS:
        with pytest.raises(UsageError, match=f"released has no loss '{method}'"):
            loss_options(method, replace(recipe, rules="released"))
    with pytest.raises(UsageError, match=r"train\.methods: 'eso', expected one of focal"):
        loss_options("eso", recipe)


def test_the_head_has_the_states_and_the_tokens_the_text(products, base, recipe):
    """Against a plain computation; and what the head learns changes the language model."""
    adapter = open_adapter(base, recipe, 0)
    data = open_data(adapter, products.dataset, products.media, recipe, "head")
    pack = next(slice_packs(data, recipe, split="train", count=4))
    module = HeadedLoss(adapter, loss_options("head", recipe))
    with torch.no_grad():
        module.speak.out.weight.normal_(generator=torch.Generator().manual_seed(1))
    counts = label_counts(pack.labels, adapter.state_ids)
    loss, ce_M = module(pack, torch.tensor(counts[:3]), float(counts[3]))
    hidden = []
    hook = adapter.model.lm_head.register_forward_pre_hook(lambda _, args: hidden.append(args[0]))
    logits_MV, targets_M = supervised_rows(adapter, pack)
    hook.remove()
    state_M = is_state(targets_M, adapter.state_ids).any(1)
    due_S = (targets_M[state_M] == adapter.state_ids[2]).float()
    said_S = module.speak(hidden[0][state_M])
    ones, zeros = float(due_S.sum()), float((1 - due_S).sum())
    weights_S = torch.where(due_S > 0, (ones + zeros) / (2 * ones), (ones + zeros) / (2 * zeros))
    bce = binary_cross_entropy_with_logits(said_S, due_S, weights_S, reduction="sum")
    text = cross_entropy(logits_MV[~state_M], targets_M[~state_M], reduction="sum")
    assert ones and zeros and counts[1] == 0
    assert float(loss) == pytest.approx(float((text + bce) / len(targets_M)), rel=1e-5)
    assert float(ce_M[state_M].sum()) == pytest.approx(
        float(binary_cross_entropy_with_logits(said_S, due_S, reduction="sum")), rel=1e-5
    )
    torch.autograd.backward(bce)
    assert adapter.model.get_input_embeddings().weight.grad.abs().sum() > 0


def test_a_threshold_is_where_f1_is_best():
    assert best_threshold([0.9, 0.8, 0.3, 0.2], [True, True, False, False]) == 0.55
    assert best_threshold([0.9, 0.8, 0.3, 0.2], [True, False, True, False]) == 0.25
    assert best_threshold([0.7, 0.7, 0.1], [True, False, False]) == 0.4
    assert best_threshold([0.7, 0.1], [False, False]) == 0.5 == best_threshold([], [])


@pytest.mark.parametrize("method", RIVALS)
def test_a_product_decides_as_it_was_trained_to(products, base, recipe, tmp_path, method):
    recipe = replace(recipe, steps=3, checkpoints=(2,), check_every=3)
    made = []
    for name in ("a", "b") if method == "external" else ("a",):
        job = job_of(products, base, recipe, tmp_path / name) | {"method": method}
        made.append(tmp_path / name)
        train_job(job)
    if method == "external":
        files = [{path.name: path.read_bytes() for path in folder.glob("*.*")} for folder in made]
        assert files[0] == files[1] and "gate.safetensors" in files[0]
        assert files[0]["model.safetensors"] == (base / "model.safetensors").read_bytes()
    folder, about = made[0], read_json(made[0] / "streamo.json")
    assert about["method"] == method and about["policy"]["name"] == method
    adapter = load(folder)
    policy = from_folder(folder, adapter)
    assert isinstance(policy, KINDS_OF_POLICY[method])
    if method == "head":
        assert policy.head.out.weight.abs().sum() > 0 and 0 < policy.threshold <= 1
        assert isinstance(from_folder(folder / "step-2", adapter), Head)
    sample = read_split(products.dataset, "train")[0]
    plan = Plan(
        sample.video_id, ((0, "which letter?"),), len(sample.turns), float(len(sample.turns)), force=True
    )
    watched = open_streams(policy, adapter, Shown(adapter, products.media), max_new_tokens=2).watch([plan])[0]
    assert len(watched.turns) == len(sample.turns) and watched.forced is not None
    assert State.STANDBY not in {turn.state for turn in watched.turns}
