"""A gate result in words: the verdict for stdout and the failing rows for stderr."""

from typing import Any

SHOWN = 10  # rows named per rule in the table; the result object holds more


def summary(result: dict[str, Any]) -> str:
    """Verdict, shares and one line per rule."""
    shares = ", ".join(f"{state} {100 * share:.1f} %" for state, share in result["shares"].items())
    lines = [f"{'passed' if result['success'] else 'FAILED'}: {result['rows']} turns; {shares}"]
    lines += [
        f"  {task}: " + ", ".join(f"{state} {100 * share:.1f} %" for state, share in of_task.items())
        for task, of_task in result["task_shares"].items()
    ]
    for name, rule in result["rules"].items():
        lines.append(f"  {_word(rule):12}{name}" + (f" ({rule['failed']} rows)" if rule["failed"] else ""))
    return "\n".join(lines) + "\n"


def failures(result: dict[str, Any]) -> str:
    """A table `rule, sample, turn` of the first failing rows of each failed rule, with the whole count."""
    lines = []
    for name, rule in result["rules"].items():
        if rule["passed"] is not False:
            continue
        lines.append(f"{name}: {rule['failed']} rows. {rule['detail']}")
        examples = rule["examples"][:SHOWN]
        lines += [f"  {name}\tsample {row['sample_id']}\tturn {row['turn']}" for row in examples]
        if rule["failed"] > len(examples):
            lines.append(f"  {name}\t... {rule['failed'] - len(examples)} more")
    return "\n".join(lines) + ("\n" if lines else "")


def failed_rules(result: dict[str, Any]) -> str:
    """`rule (rows), rule (rows)` of the rules that failed."""
    return ", ".join(
        f"{name} ({rule['failed']} rows)" for name, rule in result["rules"].items() if rule["passed"] is False
    )


def _word(rule: dict[str, Any]) -> str:
    if rule["passed"] is None:
        return "not checked"
    return "ok" if rule["passed"] else "FAILED"
