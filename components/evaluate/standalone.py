"""A suite on any model folder, outside the DAG: code, inputs and files of the stage, without a receipt.

The held-out set is that of a reproduced checkout. DVC, which checks a stage's inputs, is not there to do it:
the videos of the held-out set are compared with the manifest first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core import params
from components.core.errors import DataError, UsageError
from components.core.files import new_dir, read_json
from components.core.hashing import sha256_file
from components.video.manifest import BENCHMARK, read_manifest
from components.video.root import MediaRoot

SUITES = ("ovo", "validation", "offline", "streamo_bench")
NEEDED = ("config.json", "streamo.json", "tokenizer.json", "preprocessor_config.json")
PRODUCTS = (
    "artifacts/corpus/benchmark.json",
    "artifacts/corpus/manifest.parquet",
    "artifacts/dataset/split.json",
)


@dataclass(frozen=True)
class Knobs:
    """What the stage reads from params.yaml."""

    media: Path
    samples: int
    exchanged: bool
    max_new_tokens: int
    seed: int


def evaluate(model: Path, suite: str, out: Path, *, data: Path = Path()) -> dict[str, Any]:
    """Run one suite on a model folder; the stage's files appear in the new folder `out`, whole or not at all.

    Args:
        model: a trained model folder (a training product, the register product, a fetched version).
        suite: one of `SUITES`.
        out: a folder that does not exist yet, or is empty.
        data: root of a checkout with the products `artifacts/corpus` and `artifacts/dataset` and its media.

    Returns:
        What watching cost (`run_models.cost`).

    Raises:
        UsageError: `model` is no folder, or `out` holds something.
        DataError: the folder is no trained model, a product is missing, or a video differs from the manifest.

    """
    check_model(model)
    check_out(out)
    knobs = read_knobs(data)
    check_videos(data, knobs.media, suite)
    with new_dir(out) as scratch:
        return run_suite(scratch, model, suite, data, knobs)


def check_model(model: Path) -> None:
    """Raise unless `model` looks like a trained model folder; a missing state token is found on loading."""
    if not model.is_dir():
        raise UsageError(
            f"{model}: no such folder; name one such as models/qwen2_5_vl-ce-0 or artifacts/register"
        )
    lacking = [name for name in NEEDED if not (model / name).is_file()]
    if not any(model.glob("*.safetensors")):
        lacking.append("*.safetensors")
    if lacking:
        raise DataError(
            f"{model}: no trained model folder, it lacks {', '.join(lacking)}; name one such as "
            "models/qwen2_5_vl-ce-0 or artifacts/register (`dvc pull` brings their files)"
        )


def check_out(out: Path) -> None:
    """Raise if publishing by rename would take the place of something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"--out {out}: exists and is not empty; name a new folder")


def read_knobs(data: Path) -> Knobs:
    """The checkout's own parameters; DataError names a product that is missing."""
    missing = [name for name in PRODUCTS if not (data / name).is_file()]
    if missing:
        raise DataError(
            f"{data.absolute()}: {', '.join(missing)} missing; run `make reproduce` or `dvc pull` there first"
        )
    return Knobs(
        media=data / str(params.get("corpus.media", data)),
        samples=int(params.get("evaluate.validation_samples", data)),
        exchanged=bool(params.get("evaluate.exchanged", data)),
        max_new_tokens=int(params.get("evaluate.max_new_tokens", data)),
        seed=int(params.get("seed", data)),
    )


def check_videos(data: Path, media: Path, suite: str) -> None:
    """Raise DataError unless the suite's videos have the bytes that the manifest and `heldout` tell of."""
    root = MediaRoot(media)
    wanted = validation_videos(data) if suite == "validation" else None
    for video in read_manifest(data / "artifacts/corpus/manifest.parquet"):
        held = video.role == BENCHMARK if wanted is None else video.video_id in wanted
        if held and sha256_file(root.resolve(video.video_id)) != video.sha256:
            raise DataError(
                f"{media / video.video_id}: SHA-256 differs from artifacts/corpus/manifest.parquet; "
                "restore the video (`dvc checkout`) or reproduce stage corpus"
            )


def base_of(model: Path, data: Path) -> Path:
    """The base of the model's family in the checkout; DataError where there is none to compare with."""
    family = str(read_json(model / "config.json").get("model_type"))
    base = data / "models/base" / family
    if not base.is_dir():
        raise DataError(f"{base}: missing, and retention compares with the base; run `make reproduce`")
    return base


def validation_videos(data: Path) -> Iterable[str]:
    """The ids of the videos of the validation split."""
    split: dict[str, str] = read_json(data / "artifacts/dataset/split.json")
    return {video_id for video_id, name in split.items() if name == "validation"}


def run_suite(out: Path, model: Path, suite: str, data: Path, knobs: Knobs) -> dict[str, Any]:
    """The stage's own function for the suite, on the checkout `data`."""
    corpus, dataset = data / "artifacts/corpus", data / "artifacts/dataset"
    if suite == "ovo":
        from components.evaluate.run_ovo import OvoInputs, run_ovo

        ovo = OvoInputs(
            model=model,
            media=knobs.media,
            corpus=corpus,
            dataset=dataset,
            exchanged=knobs.exchanged,
            max_new_tokens=knobs.max_new_tokens,
            seed=knobs.seed,
        )
        return run_ovo(out, ovo)
    if suite == "offline":
        from components.evaluate.offline.run_retention import RetentionInputs, run_retention

        offline = RetentionInputs(
            model=model,
            base=base_of(model, data),
            media=knobs.media,
            corpus=corpus,
            exchanged=knobs.exchanged,
            max_new_tokens=knobs.max_new_tokens,
            seed=knobs.seed,
        )
        return run_retention(out, offline)
    if suite == "streamo_bench":
        from components.evaluate.streamo_bench.suite import BenchInputs, run_streamo_bench

        bench = BenchInputs(
            model=model,
            media=knobs.media,
            data=data / "data",
            corpus=corpus,
            dataset=dataset,
            videos=int(params.get("evaluate.streamo_bench_videos", data)),
            max_new_tokens=knobs.max_new_tokens,
            seed=knobs.seed,
        )
        return run_streamo_bench(out, bench)
    from components.evaluate.run_validation import ValidationInputs, run_validation

    validation = ValidationInputs(
        model=model,
        media=knobs.media,
        corpus=corpus,
        dataset=dataset,
        samples=knobs.samples,
        max_new_tokens=knobs.max_new_tokens,
        seed=knobs.seed,
    )
    return run_validation(out, validation)
