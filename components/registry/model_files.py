"""The files of a model folder that a version consists of."""

import shutil
from pathlib import Path

from components.core.hashing import sha256_file

LEFT_OUT = {"identity.json", "README.md"}  # the receipt goes to receipts/, the card is written anew


def model_files(folder: Path) -> list[Path]:
    """The files directly in a model folder, by name: earlier steps and curves below it stay behind."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name not in LEFT_OUT)


def missing_files(folder: Path) -> list[str]:
    """What a servable model folder must hold and this one does not."""
    found = {path.name for path in model_files(folder)} if folder.is_dir() else set()
    lacking = [name for name in ("config.json", "streamo.json") if name not in found]
    if not any(name.endswith(".safetensors") for name in found):
        lacking.append("*.safetensors")
    return lacking


def copy_model(folder: Path, out: Path) -> dict[str, str]:
    """Copy the model's files into `out`; returns `{name: sha256}` of the copies."""
    hashes = {}
    for path in model_files(folder):
        shutil.copyfile(path, out / path.name)
        hashes[path.name] = sha256_file(out / path.name)
    return hashes
