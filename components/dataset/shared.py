"""Videos that training and test share: equal bytes, or nearly equal pictures (`alike`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.hashing import sha256_file
from components.dataset.alike import alike_pairs
from components.dataset.signature import Signature, look
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


@dataclass(frozen=True)
class Seen:
    """A video that was looked at: SHA-256 of its file, and its pictures."""

    sha256: str
    signature: Signature


def see(path: Path, duration_s: float) -> Seen:
    """Hash and decode a video; DataError where it cannot be decoded."""
    return Seen(sha256_file(path), look(path, duration_s))


def across(train: Mapping[str, Seen], test: Mapping[str, Seen]) -> list[Shared]:
    """Every pair across the two sides that shows the same, sorted; a name may stand on both."""
    by_content: dict[str, list[str]] = {}
    for name, seen in train.items():
        by_content.setdefault(seen.sha256, []).append(name)
    found = {
        Shared(name, other, SAME_BYTES)
        for other, seen in test.items()
        for name in by_content.get(seen.sha256, [])
    }
    # Both sides in one list of pictures: "0" and "1" keep equal names apart.
    signatures = {f"0{name}": seen.signature for name, seen in train.items()}
    signatures |= {f"1{name}": seen.signature for name, seen in test.items()}
    for one, other in alike_pairs(signatures):
        left, right = sorted((one, other))
        if left[0] != right[0] and train[left[1:]].sha256 != test[right[1:]].sha256:
            found.add(Shared(left[1:], right[1:], NEAR_DUPLICATE))
    return sorted(found)


def shared_videos(
    train: Sequence[str], test: Sequence[str], media: Path, durations: dict[str, float]
) -> list[Shared]:
    """`across` of two lists of videos below one folder.

    Args:
        train: ids of the videos that were trained on.
        test: ids of the videos that are tested on.
        media: the media root.
        durations: seconds of every video named.

    Raises:
        DataError: a video is missing or cannot be decoded.

    """
    root = MediaRoot(media)
    seen = {name: see(root.resolve(name), durations[name]) for name in sorted({*train, *test})}
    return across({name: seen[name] for name in train}, {name: seen[name] for name in test})
