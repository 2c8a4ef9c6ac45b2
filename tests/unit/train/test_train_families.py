"""Each family, in the files of a published one, is trained by the same door and read by the plain library."""

from dataclasses import replace

import pytest
import torch

from components.core.errors import UsageError
from components.model.adapter import load
from components.model.freeze import weights_of
from components.train.run import train
from tests.support.library import interleaved, library_logits, our_logits
from tests.support.real_folders import Shape, write_real

SHAPES = [Shape("qwen2_5_vl", False, 512), Shape("qwen3_vl", True, 512), Shape("internvl", False, None, 56)]


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: shape.family)
def published(request, tmp_path_factory):
    return write_real(tmp_path_factory.mktemp("published") / request.param.family, request.param)


def run(published, out, products, recipe, **changes):
    out.mkdir()
    values = {
        "steps": 20,
        "batch": 2,
        "check_every": 20,
        "check_samples": 1,
        "checkpoints": (),
        "offsets": (0,),
    }
    train(
        out, base=published, dataset=products.dataset, media=products.media,
        recipe=replace(recipe, **values | changes), method="focal", seed=0,
    )  # fmt: skip
    return load(out)


def library_class(family):
    import transformers

    return {
        "qwen2_5_vl": transformers.Qwen2_5_VLForConditionalGeneration,
        "qwen3_vl": transformers.Qwen3VLForConditionalGeneration,
        "internvl": transformers.InternVLForConditionalGeneration,
    }[family]


def test_twenty_steps_then_the_plain_library_gives_the_same_logits(published, products, recipe, tmp_path):
    trained = run(published, tmp_path / "out", products, recipe)
    base = load(published)
    for part, kept in (("vision", True), ("connector", False), ("language", False)):
        before, after = weights_of(base.model, part), weights_of(trained.model, part)
        assert before.keys() == after.keys()
        same = [name for name in before if torch.equal(before[name], after[name])]
        assert (len(same) == len(before)) if kept else not same, part
    plain = library_class(trained.family.name).from_pretrained(tmp_path / "out").eval()
    parts, pixels, grids = interleaved(trained, size=(112, 168))
    ids = [token for part in parts for token in part]
    theirs = library_logits(plain, torch.tensor([ids]), pixels, grids)
    torch.testing.assert_close(our_logits(trained, ids, pixels, grids), theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize("frozen", ["connector", "language"])
def test_what_is_frozen_besides_stays_bit_for_bit(published, products, recipe, tmp_path, frozen):
    trained = run(published, tmp_path / "out", products, recipe, steps=2, freeze=("vision", frozen))
    base = load(published)
    other = {"connector": "language", "language": "connector"}[frozen]
    for part, kept in (("vision", True), (frozen, True), (other, False)):
        before, after = weights_of(base.model, part), weights_of(trained.model, part)
        rows = {name: slice(len(value)) for name, value in before.items() if value.ndim}
        states = trained.state_ids
        for name, old in before.items():
            new = after[name][rows[name]] if name in rows else after[name]
            if kept and ("embed_tokens" in name or "lm_head" in name):
                others = [row for row in range(len(old)) if row not in states]
                assert torch.equal(old[others], new[others]), name
            else:
                assert torch.equal(old, new) is kept, name


def test_vision_is_always_frozen(recipe):
    with pytest.raises(UsageError, match="expected vision among them"):
        replace(recipe, freeze=("connector",))
