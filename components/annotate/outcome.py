"""What one annotate stage leaves: labels, quarantine rows, counts, and the answers they rest on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.annotate.samples import RawLabel
from components.core.files import dumps, write_json
from components.protocol.whole import whole_file


@dataclass
class Outcome:
    """What one annotate stage makes: labels, quarantine rows, counts, and the answers of servers."""

    task: str
    labels: list[RawLabel] = field(default_factory=list)
    quarantine: list[dict[str, str]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, name: str, reason: str, detail: str) -> None:
        """Set something aside with its reason."""
        row = {"id": name, "reason": reason, "detail": detail}
        self.quarantine.append({key: printable(text) for key, text in row.items()})

    def write(self, folder: Path) -> None:
        """`labels.json`, `quarantine.json`, `summary.json` and, if there are any, `answers.json`, sorted."""
        self.quarantine.sort(key=lambda row: (row["id"], row["reason"], row["detail"]))
        self.summary |= {"task": self.task, "labels": len(self.labels), "quarantined": len(self.quarantine)}
        self.summary["kinds"] = count_by(self.labels, "kind")
        self.summary["reasons"] = count_by(self.quarantine, "reason")
        write_listed(folder / "labels.json", self.labels)
        write_listed(folder / "quarantine.json", self.quarantine)
        write_json(folder / "summary.json", self.summary)
        if self.answers:
            write_listed(folder / "answers.json", self.answers)


def write_listed(path: Path, rows: Sequence[Any]) -> None:
    """The bytes of `write_json(path, rows)`, a row at a time: whole, a string for every word were held."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as out:
        for number, row in enumerate(rows):
            out.write(("," if number else "[") + "\n " + dumps(row).rstrip("\n").replace("\n", "\n "))
        out.write("\n]\n" if rows else "[]\n")


def printable(text: str) -> str:
    """A foreign text that can be written as UTF-8: half a surrogate pair is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def count_by(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    """How often each value of `key` occurs, sorted."""
    return dict(sorted(Counter(str(row.get(key, "")) for row in rows).items()))
