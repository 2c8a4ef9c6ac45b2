"""A few rendered clips and a random base without state tokens, shared by the folder."""

import pytest

from components.train.recipe import Recipe
from tests.support.small_dataset import small_products


@pytest.fixture(scope="session")
def products(tmp_path_factory):
    return small_products(tmp_path_factory.mktemp("train"))


@pytest.fixture(scope="session")
def base(products, tmp_path_factory):
    from components.base.run import dialogue_texts
    from components.model.tiny import build_tiny

    return build_tiny(
        tmp_path_factory.mktemp("base") / "base", dialogue_texts(products.dataset), 0, states=False
    )


@pytest.fixture
def recipe():
    """Three quick steps with everything switched on."""
    return Recipe(
        steps=3, batch=4, token_budget=1024, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01, warmup=0.05,
        clip=1.0, zero_stage=1, offload=False, dtype="float32", grad_dtype="float32",
        gradient_checkpointing=False, freeze=("vision",), gamma=2.0, rules="corrected",
        offsets=(0, 60, 400), checkpoints=(2, 99), check_every=2, check_samples=2,
        save_every=0, keep_checkpoints=2, ranks=1, hang_s=30.0, cache_mb=64.0, window_turns=120,
    )  # fmt: skip
