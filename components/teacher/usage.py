"""What the answers in a folder cost: `python -m components.teacher.usage FOLDER [--json]`."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core.errors import DataError, exit_code
from components.core.files import dumps
from components.teacher.cache import AnswerCache


@dataclass
class Usage:
    """Sums over the answers of one model and revision.

    Attributes:
        answers: how many.
        sent: tokens sent, where the server said.
        answered: tokens answered, where the server said.
        usd: what they were charged at the endpoint's prices of that day.
        presumed: answers without usage, charged the most they could cost.
        seconds: summed waiting time of the attempts that brought them.
        finish_reasons: how the answers ended.

    """

    answers: int = 0
    sent: int = 0
    answered: int = 0
    usd: float = 0.0
    presumed: int = 0
    seconds: float = 0.0
    finish_reasons: Counter[str] = field(default_factory=Counter)

    def add(self, provenance: Mapping[str, Any]) -> None:
        """Count one answer."""
        sent, answered = provenance["usage"] or (0, 0)
        self.answers += 1
        self.sent += sent
        self.answered += answered
        self.usd += provenance["charged"]["usd"]
        self.presumed += provenance["charged"]["presumed"]
        self.seconds += provenance["seconds"]
        self.finish_reasons[str(provenance["finish_reason"])] += 1

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "answers": self.answers,
            "sent": self.sent,
            "answered": self.answered,
            "usd": round(self.usd, 6),
            "presumed": self.presumed,
            "seconds": round(self.seconds, 1),
            "finish_reasons": dict(sorted(self.finish_reasons.items())),
        }


def read_usage(folder: Path) -> tuple[dict[str, Usage], list[str]]:
    """Sums by `model (revision)`, sorted, and the files that do not verify."""
    cache, found = AnswerCache(folder), dict[str, Usage]()
    for path in sorted(folder.glob("??/*.json")):
        kept = cache.get(path.stem)
        if kept is not None:
            name = f"{kept.request['model']} ({kept.request['revision']})"
            found.setdefault(name, Usage()).add(kept.provenance)
    return dict(sorted(found.items())), sorted(cache.refused)


def table(usages: Mapping[str, Usage]) -> str:
    """The sums as lines for a terminal."""
    width = max([len("model"), *map(len, usages)])
    head = f"{'model':{width}}{'answers':>10}{'sent':>14}{'answered':>14}{'USD':>12}{'s/answer':>10}"
    return "\n".join([head, *(_line(name, one, width) for name, one in usages.items())]) + "\n"


def _line(name: str, one: Usage, width: int) -> str:
    speed = one.seconds / max(1, one.answers)
    return f"{name:{width}}{one.answers:>10}{one.sent:>14}{one.answered:>14}{one.usd:>12.4f}{speed:>10.2f}"


def main(arguments: Iterable[str] | None = None) -> None:
    """Print the table, or one JSON object; DataError without a folder or for answers that do not verify."""
    parser = argparse.ArgumentParser(prog="python -m components.teacher.usage", description=__doc__)
    parser.add_argument("folder", type=Path, help="answers of a client, e.g. runs/answers")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(None if arguments is None else list(arguments))
    if not args.folder.is_dir():
        raise DataError(f"{args.folder}: no such folder of answers")
    usages, refused = read_usage(args.folder)
    shown = dumps({name: one.plain() for name, one in usages.items()}, indent=None)
    print(shown if args.json else table(usages), end="")
    if refused:
        raise DataError(f"{len(refused)} kept answers do not verify, the first is {refused[0]}")


if __name__ == "__main__":
    sys.exit(exit_code("usage", main))
