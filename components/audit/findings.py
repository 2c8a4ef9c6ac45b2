"""What an audit says: findings (each makes it fail), notes, and the chain below every model."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that does not verify.

    Attributes:
        path: file or folder, relative to the root of the checkout.
        kind: a word of the table in this room's README.
        detail: what was expected and what was found.
        product: the product that the path belongs to, where that is not the path itself.

    """

    path: str
    kind: str
    detail: str
    product: str = ""


@dataclass
class Report:
    """The result of one audit."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    chains: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether everything verifies."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return {"ok": self.verified, **asdict(self)}


@dataclass
class VersionReport(Report):
    """The result of auditing one registered version.

    Attributes:
        version: its name.
        commit: the commit its manifest names.
        numbers: for every number of the report, or group of them: `{"what", "verified": bool, "why"}`.
        videos: `{"count", "roles", "sources", "licences", "without_licence": [video_id]}`.

    """

    version: str = ""
    commit: str = ""
    numbers: list[dict[str, Any]] = field(default_factory=list)
    videos: dict[str, Any] = field(default_factory=dict)
