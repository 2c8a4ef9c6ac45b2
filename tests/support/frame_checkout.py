"""A checkout with a manifest of clips that take a moment to decode, and `streamo frames` in it."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from components.core.hashing import sha256_file
from components.video.manifest import Video, write_manifest
from tests.support import videos

ROOT = Path(__file__).resolve().parents[2]
CLIPS, SECONDS, SIDE = 5, 400, 40


def checkout(folder: Path, **frames: Any) -> Path:
    """A repository; the clips show the same and are files of different bytes."""
    media = folder / "media"
    media.mkdir(parents=True)
    first = videos.plain(folder / "first.mp4", seconds=SECONDS, rate=5).read_bytes()
    rows = []
    for number in range(CLIPS):
        path = media / f"{number}.mp4"
        path.write_bytes(first + struct.pack(">I4sI", 12, b"free", number))
        shape = (5 * SECONDS, 5.0, False, 0, videos.WIDTH, videos.HEIGHT, "h264")
        about = (sha256_file(path), "corpus", "own", "CC0-1.0", "")
        rows.append(Video(path.name, float(SECONDS), *shape, *about))
    write_manifest(folder / "manifest.parquet", rows)
    section = {"folder": "runs/frames", "keep_gb": 1, **frames}
    (folder / "params.yaml").write_text(yaml.safe_dump({"corpus": {"media": "media"}, "frames": section}))
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def fill(root: Path) -> "subprocess.Popen[str]":
    """`streamo frames fill` by one decoding process."""
    command = ("fill", "--manifest", "manifest.parquet", "--side", str(SIDE), "--workers", "1", "--json")
    return subprocess.Popen(
        [sys.executable, "-m", "components.cli", "frames", *command],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def told(process: "subprocess.Popen[str]", code: int = 0) -> dict[str, Any]:
    """What a finished command printed."""
    out, said = process.communicate(timeout=300)
    assert process.returncode == code, said
    found: dict[str, Any] = json.loads(out)
    return found


def files(root: Path) -> set[str]:
    """Names of the finished files."""
    return {path.name for path in (root / "runs" / "frames").glob("??/*.arrow")}


def unfinished(root: Path) -> list[Path]:
    """Files that are being written, or were."""
    return list((root / "runs" / "frames").glob("??/.*"))
