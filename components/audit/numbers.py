"""Which numbers of a version's report can be verified from what it stored, which cannot, and why."""

from components.audit.findings import Finding
from components.audit.locked import Locked
from components.audit.number import Number, Reader, readable
from components.audit.numbers_evaluation import evaluated, evaluations
from components.audit.numbers_report import report_numbers, split_numbers, verdict_numbers

NOT_RECOUNTED = {
    "intervals of ovo": "drawn in the annotation file's order; `streamo evaluate` at the commit does it",
    "blind policies, controls, readings": "need the rules of evaluation: `streamo evaluate` at the commit",
    "training curves, weights": "only training again gives them; their bytes and receipts are checked",
}


def check_numbers(locked: Locked, seed: int) -> tuple[list[Number], list[Finding]]:
    """Recount everything that is cheap; a number that differs is a finding."""
    reader = Reader(locked)
    found = [number for out in evaluations(locked) for number in readable(out, evaluated(out, reader, seed))]
    found += readable("report", report_numbers(reader)) + readable("dataset", split_numbers(reader))
    found += readable("verdict", verdict_numbers(reader))
    found += [Number(what, None, why) for what, why in NOT_RECOUNTED.items()]
    wrong = [Finding(f"{number.what}", "number", number.why) for number in found if number.verified is False]
    return found, wrong
