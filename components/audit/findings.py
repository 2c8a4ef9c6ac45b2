"""What an audit says: findings (each makes it fail), notes, and the chain below every model."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that does not verify.

    Attributes:
        path: file or folder, relative to the root of the checkout.
        kind: `changed`, `missing`, `extra`, `cache_object`, `receipt`, `stale_code`, `stale_params`,
            `stale_input`, `never_ran` or `gate`.
        detail: what was expected and what was found.

    """

    path: str
    kind: str
    detail: str


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
