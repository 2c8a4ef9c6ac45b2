"""The number of parameters of a model folder, from the headers of its safetensors files alone."""

import json
import math
import struct
from pathlib import Path

from components.core.errors import DataError


def count_parameters(folder: Path) -> int:
    """Numbers stored in `*.safetensors` of a folder (tied weights are stored once).

    Raises:
        DataError: no safetensors file, or one whose header cannot be read.

    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise DataError(f"{folder}: holds no *.safetensors")
    return sum(sum(math.prod(shape) for shape in read_shapes(path).values()) for path in files)


def read_shapes(path: Path) -> dict[str, list[int]]:
    """Tensor shapes from the header: 8 bytes of little-endian length, then JSON."""
    with path.open("rb") as stream:
        try:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length))
        except (struct.error, ValueError, OverflowError) as error:
            raise DataError(f"{path}: not a safetensors file ({error})") from None
    return {name: tensor["shape"] for name, tensor in header.items() if name != "__metadata__"}
