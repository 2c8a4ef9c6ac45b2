"""Building and running the Great Expectations suites; imported only where a gate runs (expectations.py)."""

from collections.abc import Collection
from typing import Any

import great_expectations as gx
import pandas as pd

from components.core.errors import InternalError
from components.validate.expectations import ExpectRowsToHoldRule, ExpectStateSharesToBeNear
from components.validate.profiles import Profile
from components.validate.rules import ACCEPTED, ROW_RULES, SHARE_RULES, Rule
from components.validate.tables import Tables

# What differs from run to run without saying anything of the data.
VOLATILE_META = ("run_id", "validation_time", "batch_markers", "checkpoint_id", "validation_id")
SHARE_WORDS = {
    "state_shares": "The share of each state over all turns is near the ratio profile.",
    "task_state_shares": "The share of each state in every task is near its ratio, or softly the profile's.",
    "source_state_shares": "The share of each state in every source the profile names is near its ratio.",
    ACCEPTED: "The share of each state, overall and in every task and source, is near the accepted table's.",
}


def checkable(rule: Rule, tables: Tables) -> bool:
    """Whether the inputs of a row rule were given."""
    frame = tables.turns if rule.table == "turns" else tables.events
    return frame is not None and set(rule.needs) <= set(frame.columns)


def build_suites(
    tables: Tables, profile: Profile, without: Collection[str], accepted: Profile | None = None
) -> dict[str, gx.ExpectationSuite]:
    """One suite per table given, with one expectation per checkable rule that is not named in `without`."""
    expectations: dict[str, list[Any]] = {
        "turns": [
            _share_expectation(name, chosen)
            for name, chosen in _share_profiles(tables, profile, accepted).items()
            if chosen is not None
        ]
    }
    if tables.events is not None:
        expectations["events"] = []
    for rule in ROW_RULES:
        if checkable(rule, tables):
            expectations[rule.table].append(ExpectRowsToHoldRule(rule=rule.name, description=rule.says))
    return {
        table: gx.ExpectationSuite(
            name=table, expectations=[item for item in items if item.rule not in without]
        )
        for table, items in expectations.items()
    }


def _share_profiles(tables: Tables, profile: Profile, accepted: Profile | None) -> dict[str, Profile | None]:
    """The profile each share rule judges by; None where it cannot be checked."""
    by_source = profile if profile.sources and "source" in tables.turns else None
    return dict(zip(SHARE_RULES, (profile, profile, by_source, accepted), strict=True))


def _share_expectation(name: str, profile: Profile) -> ExpectStateSharesToBeNear:
    return ExpectStateSharesToBeNear(
        rule=name,
        profile=profile.name,
        ratios=profile.values,
        description=SHARE_WORDS[name],
    )


def run_suites(tables: Tables, suites: dict[str, gx.ExpectationSuite]) -> dict[str, dict[str, Any]]:
    """Validate each table with its suite: `{table: suite result as JSON}` without run ids and times.

    Raises:
        InternalError: an expectation raised instead of giving a verdict.

    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    frames: dict[str, pd.DataFrame | None] = {"turns": tables.turns, "events": tables.events}
    results = {}
    for table, suite in suites.items():
        asset = context.data_sources.add_pandas(table).add_dataframe_asset(table)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frames[table]})
        result = batch.validate(suite, result_format="COMPLETE").to_json_dict()
        for item in result["results"]:
            if item["exception_info"].get("exception_message") or item["exception_info"].get(
                "raised_exception"
            ):
                raise InternalError(
                    f"expectation {item['expectation_config']['kwargs']} raised: {item['exception_info']}"
                )
        result["meta"] = {key: value for key, value in result["meta"].items() if key not in VOLATILE_META}
        results[table] = result
    return results
