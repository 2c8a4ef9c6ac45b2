"""At paper scale the base is not copied: repository, revision and SHA-256 of each file stand for it."""

from dataclasses import asdict
from pathlib import Path

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.core.hashing import sha256_file
from components.model.reference import Reference, require_family
from components.model.store import REFERENCE_FILE, resolve

READ = {".json", ".safetensors", ".txt", ".jinja"}  # what loading reads; never pickles, never code


def write_reference(out_dir: Path, reference: Reference, *, family: str) -> dict[str, int]:
    """Write `reference.json` for a local folder, or a hub id at a pinned 40-digit revision; returns counts.

    Raises:
        DataError: the folder holds no safetensors weights, or a model of another family.

    """
    folder = resolve(reference.repository, reference.revision)
    files = sorted(path for path in folder.iterdir() if path.suffix in READ and path.is_file())
    if not any(path.suffix == ".safetensors" for path in files):
        raise DataError(f"{folder}: no .safetensors file; other weight formats are not read")
    require_family(read_json(folder / "config.json"), family, f"{reference.repository}/config.json")
    hashes = {path.name: sha256_file(path) for path in files}
    write_json(
        out_dir / REFERENCE_FILE,
        {"schema": 1, **asdict(reference), "files": hashes},
    )
    return {"files": len(files), "bytes": sum(path.stat().st_size for path in files)}
