"""DeepSpeed's configuration: the files of infra/deepspeed with the recipe's values in them, or an error."""

import json
import shutil
from dataclasses import replace

import pytest

from components.core.errors import UsageError
from components.train.config import CONFIGS, engine_config


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(CONFIGS, tmp_path / "configs")


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_every_stage_is_filled_in_and_accepted_by_deepspeed(recipe, stage):
    from deepspeed.runtime.config import DeepSpeedConfig

    config = engine_config(replace(recipe, zero_stage=stage), ranks=1)
    assert config["zero_optimization"]["stage"] == stage and config["gradient_clipping"] == recipe.clip
    assert config["optimizer"]["params"]["lr"] == recipe.lr
    read = DeepSpeedConfig(config)
    assert read.zero_optimization_stage == stage and read.gradient_clipping == recipe.clip


def test_packs_are_counted_by_the_loop_not_by_deepspeed(recipe):
    config = engine_config(replace(recipe, batch=512), ranks=8)
    assert (config["train_batch_size"], config["gradient_accumulation_steps"]) == (8, 1)


def test_bf16_sums_gradients_as_the_recipe_says_and_offload_is_laid_over(recipe):
    paper = replace(recipe, dtype="bfloat16", zero_stage=2, offload=True)
    config = engine_config(paper, ranks=1)
    assert config["bf16"] == {"enabled": True} and config["data_types"] == {"grad_accum_dtype": "fp32"}
    assert config["zero_optimization"]["offload_optimizer"]["device"] == "cpu"
    assert config["zero_optimization"]["stage"] == 2
    small = engine_config(replace(paper, grad_dtype="bfloat16", offload=False), ranks=1)
    assert small["data_types"] == {"grad_accum_dtype": "bf16"}
    assert "offload_optimizer" not in small["zero_optimization"]


def test_a_file_that_contradicts_the_recipe_is_refused(recipe, folder):
    change(folder / "zero1.json", gradient_clipping=0.5)
    with pytest.raises(UsageError, match=r"zero1.json: gradient_clipping is 0.5, but params train says 1.0"):
        engine_config(recipe, 1, folder)
    assert engine_config(replace(recipe, clip=0.5), 1, folder)["gradient_clipping"] == 0.5


def test_an_open_value_that_nothing_fills_is_refused(recipe, folder):
    change(folder / "zero1.json", communication_data_type="auto")
    with pytest.raises(UsageError, match="communication_data_type is 'auto'"):
        engine_config(recipe, 1, folder)


def test_stage_0_has_no_offload_and_no_fp32_master(recipe):
    for wrong in ({"offload": True}, {"dtype": "bfloat16"}):
        with pytest.raises(UsageError, match="zero_stage: 0"):
            replace(recipe, zero_stage=0, **wrong)
    with pytest.raises(UsageError, match="grad_dtype"):
        replace(recipe, grad_dtype="bfloat16")
