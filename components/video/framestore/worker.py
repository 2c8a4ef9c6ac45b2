"""The limited child process (`python -m`) that decodes a video and writes its frames, a request a line."""

import json
import sys
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.hashing import sha256_file
from components.core.process import die_with_parent
from components.video.framestore.fidelity import Fidelity, Key
from components.video.framestore.file import write_frames
from components.video.framestore.pictures import pictures
from components.video.limits import Limits, limit_next_file, limit_process

READY = "ready"
CHANGED, UNDECODABLE, MEMORY, NOT_WRITTEN = "changed", "undecodable", "memory", "not_written"


def answer(request: dict[str, Any]) -> dict[str, str]:
    """`{}` once the file is written, else `{"reason", "detail"}`."""
    path, key = Path(request["path"]), Key(**request["key"])
    try:
        if sha256_file(path) != key.video:
            return {"reason": CHANGED, "detail": "the file changed while its frames were made; run again"}
        write_frames(Path(request["out"]), key, pictures(path, key.turns, Fidelity(key.fidelity["side"])))
    except DataError as error:
        return {"reason": UNDECODABLE, "detail": str(error)}
    except MemoryError:
        return {"reason": MEMORY, "detail": "more than the limit of the decoding process"}
    except OSError as error:
        detail = f"{error.strerror or error}; `streamo frames prune` makes room"
        return {"reason": NOT_WRITTEN, "detail": detail}
    return {}


def main() -> None:
    """Decode files until stdin ends; argv[1] is the limits as JSON."""
    die_with_parent()
    limits = Limits(**json.loads(sys.argv[1]))
    limit_process(limits)
    print(READY, flush=True)
    for line in sys.stdin:
        limit_next_file(limits)
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
