"""The samples of the dataset stage."""

from pathlib import Path

from components.core.errors import DataError
from components.protocol.tables import read_samples
from components.protocol.turns import Dialogue


def read_split(dataset_dir: Path, split: str) -> list[Dialogue]:
    """Every sample of `train` or `validation`, in file order; DataError where there is none."""
    shards = sorted((dataset_dir / split).glob("*.parquet"))
    samples = list(read_samples(shards))
    if not samples:
        raise DataError(f"{dataset_dir / split}: no sample; run the dataset stage first")
    return samples
