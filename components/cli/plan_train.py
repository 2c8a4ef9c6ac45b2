"""The training plan of `streamo plan --stage train`: params.yaml, a profile over it, and a card."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import UsageError

if TYPE_CHECKING:
    from components.train.plan.plan import Plan

DEFAULT_GPU = "h200"
ASKED = ("gpu", "gpus", "profile", "samples", "price", "mfu")  # any of these asks for the training plan


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of the training plan."""
    group = parser.add_argument_group("training plan (with --stage train): any of these asks for it")
    group.add_argument("--gpu", help=f"card of components/train/plan/gpus.py (default {DEFAULT_GPU})")
    group.add_argument("--gpus", type=int, help="cards (default: params train.ranks)")
    group.add_argument("--profile", help="overlay on params.yaml: a name in profiles/ or a file")
    group.add_argument(
        "--samples", type=int, help="samples of the epoch (default: train.steps x train.batch)"
    )
    group.add_argument("--price", type=float, help="US dollars a card-hour (default: the card's)")
    group.add_argument("--mfu", type=float, help="share of the reachable rate (default 0.40)")


def asked(args: argparse.Namespace) -> bool:
    """Whether any flag asks for the training plan; UsageError where the stage is another one."""
    given = [flag for flag in ASKED if getattr(args, flag) is not None]
    if given and "train" not in args.stage:
        raise UsageError(f"--{given[0]} belongs to the training plan: add --stage train")
    return bool(given)


def make(args: argparse.Namespace, root: Path = Path()) -> "Plan":
    """The plan that the flags ask for.

    Raises:
        UsageError: an unknown card or profile, a number out of range, a loss that train.rules has not, or a
            base that base.references does not name.
        DataError: the base's shapes are not known here.

    """
    from components.train.methods import loss_options
    from components.train.plan.gpus import find_gpu
    from components.train.plan.load import PAPER, WORLD
    from components.train.plan.plan import TARGET_MFU, train_plan
    from components.train.plan.source import base_config
    from components.train.recipe import read_recipe

    params = effective_params(args.profile, root)
    recipe = read_recipe(lambda key: params["train"][key.removeprefix("train.")])
    for method in params["train"]["methods"]:
        loss_options(method, recipe)
    gpus = recipe.ranks if args.gpus is None else args.gpus
    samples = recipe.steps * recipe.batch if args.samples is None else args.samples
    mfu = TARGET_MFU if args.mfu is None else args.mfu
    if min(gpus, samples) < 1 or not 0 < mfu <= 1 or (args.price is not None and args.price < 0):
        raise UsageError("--gpus and --samples are at least 1, --mfu above 0 up to 1, --price not negative")
    base = params["base"]
    return train_plan(
        base_config(base, params["families"][0], root),
        recipe,
        find_gpu(args.gpu or DEFAULT_GPU),
        gpus,
        corpus=WORLD if base["kind"] == "tiny" else PAPER,
        samples=samples,
        mfu=mfu,
        price=args.price,
    )


def effective_params(profile: str | None, root: Path = Path()) -> Mapping[str, Any]:
    """params.yaml, with the overlay laid over it in memory; no file is changed."""
    import yaml

    from components.cli.profile import apply_profile, find_profile

    text = (root / "params.yaml").read_text(encoding="utf-8")
    if profile is not None:
        path = Path(profile) if profile.endswith(".yaml") else find_profile(profile, root)
        if not path.is_file():
            raise UsageError(f"--profile {profile}: no such file")
        text, _ = apply_profile(text, path.read_text(encoding="utf-8"))
    values: Mapping[str, Any] = yaml.safe_load(text)
    return values
