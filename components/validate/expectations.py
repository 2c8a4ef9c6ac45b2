"""The rules as Great Expectations: one table metric and one expectation for rows, one pair for shares.

Importing this module imports Great Expectations (3 to 18 s) and registers the classes: import it late.
"""

# Great Expectations is not typed for mypy here, so its base classes and its decorator are Any.
# mypy: disable-error-code="misc,untyped-decorator"

from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from components.validate.findings import find_rows, find_shares
from components.validate.profiles import make_profile

DOMAIN = ("batch_id", "table")


def _frame(engine: Any, domain: dict[str, Any]) -> Any:
    frame, _, _ = engine.get_compute_domain(domain_kwargs=domain, domain_type=MetricDomainTypes.TABLE)
    return frame


class StreamoFailingRows(TableMetricProvider):
    """Table metric: the rows of a batch that break the row rule `rule`."""

    metric_name = "streamo.failing_rows"
    domain_keys = DOMAIN
    value_keys = ("rule",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(  # Great Expectations passes the arguments by these names
        cls,  # noqa: N805 (the decorator makes a class method of it)
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, Any]:
        return find_rows(_frame(execution_engine, metric_domain_kwargs), metric_value_kwargs["rule"])


class StreamoShareExcess(TableMetricProvider):
    """Table metric: the states of a batch whose share is off, by the rule `rule` and a ratio profile."""

    metric_name = "streamo.share_excess"
    domain_keys = DOMAIN
    value_keys = ("rule", "profile", "ratios")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(  # Great Expectations passes the arguments by these names
        cls,  # noqa: N805 (the decorator makes a class method of it)
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, Any]:
        values = metric_value_kwargs
        profile = make_profile(values["profile"], values["ratios"])
        return find_shares(_frame(execution_engine, metric_domain_kwargs), values["rule"], profile)


def _verdict(found: dict[str, Any]) -> dict[str, Any]:
    failed, rows = found["failed"], found["rows"]
    return {
        "success": failed == 0,
        "result": {
            "observed_value": found["detail"] or "every row holds",
            "element_count": rows,
            "unexpected_count": failed,
            "unexpected_percent": round(100 * failed / max(1, rows), 6),
            "partial_unexpected_list": found["examples"],
        },
    }


class ExpectRowsToHoldRule(BatchExpectation):
    """Every row of the batch holds the rule named `rule` (components.validate.rules)."""

    rule: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("streamo.failing_rows",)
    domain_keys: ClassVar[tuple[str, ...]] = DOMAIN
    success_keys: ClassVar[tuple[str, ...]] = ("rule",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return _verdict(metrics["streamo.failing_rows"])


class ExpectStateSharesToBeNear(BatchExpectation):
    """The state shares of the batch (or of each task or source) are within a tolerance of a ratio profile."""

    rule: str
    profile: str
    ratios: dict[str, Any]
    metric_dependencies: ClassVar[tuple[str, ...]] = ("streamo.share_excess",)
    domain_keys: ClassVar[tuple[str, ...]] = DOMAIN
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "profile", "ratios")

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return _verdict(metrics["streamo.share_excess"])
