"""Videos that training and test share: equal bytes, or nearly equal pictures (`alike`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.hashing import sha256_file
from components.dataset.alike import alike_pairs
from components.dataset.signature import look
from components.video.root import MediaRoot

SAME_BYTES, NEAR_DUPLICATE = "same_bytes", "near_duplicate"


@dataclass(frozen=True, order=True)
class Shared:
    """One training video that a test video equals or resembles."""

    train: str
    test: str
    how: str

    def __str__(self) -> str:
        return f"{self.train} (train) and {self.test} (test): {self.how}"


def shared_videos(
    train: Sequence[str], test: Sequence[str], media: Path, durations: dict[str, float]
) -> list[Shared]:
    """Every pair across the two sides that shows the same, sorted.

    Args:
        train: ids of the videos that were trained on.
        test: ids of the videos that are tested on.
        media: the media root.
        durations: seconds of every video named.

    Raises:
        DataError: a video is missing or cannot be decoded.

    """
    root = MediaRoot(media)
    paths = {name: root.resolve(name) for name in [*train, *test]}
    sides = {**dict.fromkeys(train, "train"), **dict.fromkeys(test, "test")}
    both = sorted(set(train) & set(test))
    found = {Shared(name, name, SAME_BYTES) for name in both}
    digests = {name: sha256_file(path) for name, path in paths.items()}
    by_content: dict[str, list[str]] = {}
    for name in train:
        by_content.setdefault(digests[name], []).append(name)
    found |= {
        Shared(name, other, SAME_BYTES) for other in test for name in by_content.get(digests[other], [])
    }
    signatures = {name: look(path, durations[name]) for name, path in paths.items()}
    for one, other in alike_pairs(signatures):
        if sides[one] != sides[other] and digests[one] != digests[other]:
            left, right = (one, other) if sides[one] == "train" else (other, one)
            found.add(Shared(left, right, NEAR_DUPLICATE))
    return sorted(found)
