"""How good labels are: two teachers or two passes compared, re-grounding, reviewers (README, Quality)."""

from components.annotate.quality.agreement import agreement
from components.annotate.quality.kappa import kappa
from components.annotate.quality.regrounding import self_consistency

__all__ = ["agreement", "kappa", "self_consistency"]
