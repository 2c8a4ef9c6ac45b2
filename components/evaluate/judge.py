"""A language model as judge: which of two answers is better, and whether an answer is correct.

Each pair is asked in both orders, since judges favour a place; only what they say twice counts. What does not
come back as a verdict (nonsense, a timeout, a refusal, JSON that is cut) is a counted failure of that pair.
"""

from collections.abc import Sequence

from components.evaluate.judge_prompts import COMPARE, GRADE, is_cut
from components.evaluate.verdicts import Grade, Pair, Question, Side, Verdict, verdict
from components.teacher.asking import Outcome
from components.teacher.chat import ChatRequest, Reply
from components.teacher.client import Client
from components.teacher.estimate import Estimate

EMPTY = "empty_answer"


class Judge:
    """Asks through a client, which caches and records every raw verdict.

    Args:
        client: see components/teacher.
        seed: sent with every request; part of its hash.

    """

    def __init__(self, client: Client, *, seed: int = 0):
        self.client, self.seed = client, seed

    @property
    def name(self) -> str:
        """Which model judges: `model (revision)`."""
        return f"{self.client.endpoint.model} ({self.client.endpoint.revision})"

    def compare(self, task: str, reference: str | None, a: str, b: str) -> Verdict:
        """One pair; see `compare_many`."""
        return self.compare_many([Pair(task, reference, a, b)])[0]

    def compare_many(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """A verdict per pair, in their order; raises what `Client.ask_many` raises.

        Two answers of the same words are a tie; nobody is asked.
        """
        asked = [pair for pair in pairs if pair.a != pair.b]
        outcomes = iter(self.client.ask_many(self.compare_requests(asked), label="judge"))
        same = verdict(("tie", "tie"), ("", ""), COMPARE.version)
        return [
            same if pair.a == pair.b else _verdict(pair, next(outcomes), next(outcomes)) for pair in pairs
        ]

    def compare_requests(self, pairs: Sequence[Pair]) -> list[ChatRequest]:
        """Two requests per pair: `a` shown first, then `b` shown first."""
        orders = [order for pair in pairs for order in ((pair, pair.a, pair.b), (pair, pair.b, pair.a))]
        return [
            COMPARE.request(
                {"task": pair.task, "reference": pair.reference, "answer_1": first, "answer_2": second},
                seed=self.seed,
            )
            for pair, first, second in orders
        ]

    def grade(self, question: str, reference: str, answer: str) -> Grade:
        """One answer; see `grade_many`."""
        return self.grade_many([Question(question, reference, answer)])[0]

    def grade_many(self, questions: Sequence[Question]) -> list[Grade]:
        """A grade per question, in their order. An answer without text is wrong; nobody is asked."""
        asked = [one for one in questions if one.answer.strip()]
        outcomes = iter(self.client.ask_many(self.grade_requests(asked), label="judge"))
        return [
            _grade(one, next(outcomes)) if one.answer.strip() else Grade(False, EMPTY, "", GRADE.version)
            for one in questions
        ]

    def grade_requests(self, questions: Sequence[Question]) -> list[ChatRequest]:
        """One request per question."""
        return [
            GRADE.request(
                {"question": one.question, "reference": one.reference, "answer": one.answer}, seed=self.seed
            )
            for one in questions
        ]

    def estimate(self, requests: Sequence[ChatRequest]) -> Estimate:
        """The dry run: what asking would take."""
        return self.client.estimate(requests)


def _verdict(pair: Pair, first: Outcome, second: Outcome) -> Verdict:
    orders = (_side(first, ("a", "b")), _side(second, ("b", "a")))
    return verdict(orders, (first.key, second.key), COMPARE.version, cut=is_cut(pair.a, pair.b))


def _side(outcome: Outcome, shown: tuple[Side, Side]) -> str:
    """Whom one order prefers, given who was shown first and second; the reason where it is no verdict."""
    if not isinstance(outcome, Reply):
        return outcome.reason
    sides: dict[str, str] = {"answer_1": shown[0], "answer_2": shown[1], "tie": "tie"}
    return sides[outcome.data["verdict"]]


def _grade(one: Question, outcome: Outcome) -> Grade:
    cut = is_cut(one.answer)
    if not isinstance(outcome, Reply):
        return Grade(None, outcome.reason, outcome.key, GRADE.version, cut)
    return Grade(outcome.data["verdict"] == "correct", "", outcome.key, GRADE.version, cut)
