"""The commit message: why there is new data and a new lock, with the numbers that spoke for it."""

from typing import Any

from flows.retraining.journal import Journal

NAMED = 10  # videos that the message names
Json = dict[str, Any]


def commit_message(journal: Journal) -> str:
    """Subject, reason, drift, data, the gate's intervals, trailers; a function of the journal alone."""
    decided, fetched = journal.need("decide"), journal.need("fetch")
    features = len({entry["feature"] for entry in journal.need("drift")["found"]})
    drifted = f", drift in {features} features" if features else ""
    parts = [
        f"Retrain: {len(fetched['videos'])} new videos, {journal.parameters['reason']}{drifted}",
        f"Reason: {decided['why']}.",
        _data(fetched),
        _drift(journal.need("drift")),
        _gate(journal.need("gate")),
    ]
    trailers = f"Retrain-Id: {journal.id}\nBase: {journal.need('begin')['base']}"
    return "\n\n".join(part for part in [*parts, trailers] if part) + "\n"


def _data(fetched: Json) -> str:
    videos = fetched["videos"]
    if not fetched["changed"]:
        return "Data: unchanged."
    named = ", ".join(videos[:NAMED]) + (f" and {len(videos) - NAMED} more" if len(videos) > NAMED else "")
    rows = "".join(f", {count} new rows of {name}" for name, count in sorted(fetched["rows"].items()))
    refused = sum(fetched["quarantined"].values())
    return f"Data: {len(videos)} new videos ({named or 'none'}){rows}; {refused} files or rows refused."


def _drift(drift: Json) -> str:
    if not drift["found"]:
        unsure = "".join(f" {part} undecided: {why}." for part, why in sorted(drift["undecided"].items()))
        return f"Drift: none found.{unsure}" if drift["asked"] else ""
    lines = [
        f"  {entry['part']}: {entry['says']} ({entry['method']} {entry['statistic']:.3g}, "
        f"threshold {entry['threshold']:.3g})"
        for entry in drift["found"]
    ]
    return "\n".join([f"Drift (false alarms at most {drift['rate']:g} of such reports):", *lines])


def _gate(gate: Json) -> str:
    against = gate["champion"] or "no champion yet"
    lines = [
        f"  {name}: {group['candidate']}, champion {group['champion']}, difference {group['difference']} "
        f"{group['interval']}, margin {group['margin']}"
        for name, group in sorted(gate["groups"].items())
    ]
    why = [f"  {reason}" for reason in gate["reasons"]]
    return "\n".join([f"Gate: {gate['decision']} against {against}.", *lines, *why])
