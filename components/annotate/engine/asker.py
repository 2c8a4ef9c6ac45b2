"""Asks the questions of a step: frames go to the vision endpoint, lists of words to the text endpoint."""

from collections.abc import Sequence

from components.annotate.engine.step import Question, Step
from components.teacher.asking import Outcome
from components.teacher.client import Client


class Asker:
    """The two clients of a run; both may be one.

    Args:
        vision: is shown frames.
        text: cleans, rewrites and words what the other one saw.

    """

    def __init__(self, vision: Client, text: Client):
        self.clients = {"vision": vision, "text": text}

    def ask(self, step: Step, questions: Sequence[Question]) -> list[Outcome]:
        """The outcome of each question, in their order; raises what `Client.ask_many` raises."""
        if not questions:
            return []
        requests = [step.request(question) for question in questions]
        return self.clients[step.endpoint].ask_many(requests, label=step.name)

    def models(self) -> dict[str, str]:
        """`{endpoint: model (revision)}`, for the provenance of labels."""
        return {
            name: f"{client.endpoint.model} ({client.endpoint.revision})"
            for name, client in sorted(self.clients.items())
        }
