"""What a run was asked, as far as it can change an answer: runs may share a journal only if all is equal."""

import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import read_json
from components.core.hashing import fingerprint, sha256_file
from components.lineage.closure import import_closure

PROTOCOLS = ("online", "released", "polling")
FPS = (1, 2)
LIBRARIES = ("torch", "transformers", "av", "numpy")
MODEL_FILES = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Settings:
    """The knobs of a run.

    Attributes:
        protocol: one of `PROTOCOLS`.
        fps: pictures a second, 1 or 2.
        sample: share of the entries that is asked, stratified by task; None for all.
        seed: of the sample and of the released placement.
        window_turns: turns a stream keeps; 0 where nothing streams.
        max_new_tokens: tokens of one answer at most.
        frames: pictures a polled question sees at most; 0 where nothing is polled.

    """

    protocol: str = "online"
    fps: int = 1
    sample: float | None = None
    seed: int = 0
    window_turns: int = 0
    max_new_tokens: int = 32
    frames: int = 0

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise UsageError(f"--protocol {self.protocol}: one of {', '.join(PROTOCOLS)}")
        if self.fps not in FPS:
            raise UsageError(f"--fps {self.fps}: 1 or 2 pictures a second")
        if self.sample is not None and not 0 < self.sample <= 1:
            raise UsageError(f"--sample {self.sample:g}: a share above 0 and up to 1")
        if self.max_new_tokens < 1:
            raise UsageError(f"--max-new-tokens {self.max_new_tokens}: at least 1")
        if self.protocol == "polling" and self.frames < 1:
            raise UsageError(f"--frames {self.frames}: a polled question needs at least 1 picture")
        if self.protocol != "polling" and self.window_turns < 2:
            raise UsageError(f"--window {self.window_turns}: a stream keeps at least 2 turns")


def window_of(model: Path) -> int:
    """The window a model was trained for (`window_turns` of its streamo.json).

    Raises:
        DataError: the file does not say; name one with --window.

    """
    path = model / "streamo.json"
    turns = read_json(path).get("window_turns") if path.is_file() else None
    if not isinstance(turns, int):
        raise DataError(f"{path}: no `window_turns`; name the turns a stream keeps with --window")
    return turns


def identity(
    settings: Settings, model: Path, annotations: Path, videos: Iterable[tuple[str, int | None]]
) -> dict[str, Any]:
    """The settings and, as SHA-256, everything else an answer depends on.

    Videos count by name and size: reading hundreds of gigabytes before a resumed run is no option.
    """
    files = sorted({path for pattern in MODEL_FILES for path in model.glob(pattern)})
    code = import_closure("components.evaluate.ovo_bench.bench", ROOT).files
    return {
        **asdict(settings),
        "annotations": sha256_file(annotations),
        "code": fingerprint({name: sha256_file(ROOT / name) for name in code}),
        "libraries": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "model": fingerprint({path.name: sha256_file(path) for path in files}),
        "videos": fingerprint([list(each) for each in videos]),
    }


def check_same(before: dict[str, Any], now: dict[str, Any], where: Path) -> None:
    """Raise UsageError that names what differs between a run that was begun and this one."""
    other = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if not other:
        return
    told = "; ".join(f"{name}: {before.get(name)!r} then, {now.get(name)!r} now" for name in other)
    raise UsageError(f"{where}: made with other settings ({told}); name another --out or delete it")
