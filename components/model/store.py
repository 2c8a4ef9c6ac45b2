"""Model folders on disk: written deterministically, read without remote code and without pickles."""

import re
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import read_json, write_json
from components.core.hashing import sha256_file
from components.model.families.registry import find_family

REFERENCE_FILE = "reference.json"
COMMIT = re.compile(r"[0-9a-f]{40}")
HUB_PATTERNS = ["*.json", "*.safetensors", "*.txt", "*.jinja"]
WEIGHTS = "model.safetensors"


def save_folder(model: Any, tokenizer: Any, image_processor: Any, out_dir: Path) -> None:
    """Write config, weights (one safetensors file), tokenizer, template and image processor into `out_dir`.

    The bytes are a function of the values alone: names sorted, tied weights once, no library version inside.
    """
    from safetensors.torch import save_file

    out_dir.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().cpu().contiguous() for name, value in sorted(model.state_dict().items())}
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    if tied:
        tensors.pop("lm_head.weight", None)
    save_file(tensors, out_dir / WEIGHTS, metadata={"format": "pt"})
    (out_dir / WEIGHTS).chmod(0o644)
    dtype = str(model.dtype).removeprefix("torch.")
    # Folders exist whose config leaves `tie_word_embeddings` to a default that their weights contradict.
    said = {"architectures": [type(model).__name__], "dtype": dtype, "tie_word_embeddings": tied}
    config = model.config.to_dict() | said
    write_json(out_dir / "config.json", _without_versions(config))
    tokenizer.save_pretrained(out_dir)
    image_processor.save_pretrained(out_dir)
    for path in (out_dir / "tokenizer_config.json", out_dir / "preprocessor_config.json"):
        write_json(path, _without_versions(read_json(path)))


def _without_versions(value: Any) -> Any:
    """Drop what tells of the library or of where the folder lay, not of the model."""
    if isinstance(value, dict):
        dropped = {"transformers_version", "_name_or_path", "name_or_path", "is_local", "local_files_only"}
        return {key: _without_versions(inner) for key, inner in value.items() if key not in dropped}
    return value


def is_hub_id(source: str) -> bool:
    """Whether a source that is no folder here reads as `owner/name`."""
    return source.count("/") == 1 and not source.startswith((".", "/"))


def resolve(source: str | Path, revision: str | None = None) -> Path:
    """The local folder of a model: itself, the verified target of its `reference.json`, or a hub snapshot.

    Raises:
        UsageError: a hub id without a pinned 40-digit revision.
        DataError: a referenced file is missing or differs from its SHA-256.

    """
    folder = Path(source)
    if (folder / REFERENCE_FILE).is_file():
        return _resolve_reference(folder / REFERENCE_FILE)
    if folder.is_dir():
        return folder
    if not is_hub_id(str(source)):
        raise DataError(f"{source}: no such model folder")
    if revision is None or not COMMIT.fullmatch(revision):
        raise UsageError(f"{source}: pin the revision of a hub model to a 40-digit commit, got {revision!r}")
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(str(source), revision=revision, allow_patterns=HUB_PATTERNS))


def _resolve_reference(path: Path) -> Path:
    reference = read_json(path)
    folder = resolve(reference["repository"], reference["revision"])
    for name, expected in sorted(reference["files"].items()):
        file = folder / name
        if not file.is_file():
            raise DataError(f"{file}: named in {path} and missing")
        if sha256_file(file) != expected:
            raise DataError(f"{file}: SHA-256 differs from {path}; fetch the pinned revision again")
    return folder


def load_parts(
    source: str | Path, *, revision: str | None = None, dtype: str = "float32", device: str = "cpu"
) -> tuple[Any, Any, Any]:
    """Model (eval mode), tokenizer and image processor of `source` (see `resolve`).

    Only safetensors are read and no code of the folder is run; the tokenizer is `tokenizer.json` as it is.
    """
    import torch
    from transformers import PreTrainedTokenizerFast

    folder = resolve(source, revision)
    family = find_family(read_json(folder / "config.json").get("model_type"), str(folder / "config.json"))
    model = family.model_class().from_pretrained(
        folder,
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        local_files_only=True,
        attn_implementation="sdpa",
    )
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    return model.to(device).eval(), tokenizer, family.read_images(folder)
