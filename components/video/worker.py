"""The limited child process (`python -m`): says it is ready, then answers one request a line."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from components.core.process import die_with_parent
from components.video.examine import examine
from components.video.limits import Limits, limit_next_file, limit_process

READY = "ready"


def main() -> None:
    """Probe files until stdin ends; argv[1] is the limits as JSON."""
    die_with_parent()
    limits = Limits(**json.loads(sys.argv[1]))
    limit_process(limits)
    print(READY, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        limit_next_file(limits)
        result = examine(Path(request["path"]), quick=request["quick"], limits=limits)
        print(json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    main()
