"""The dry run of a task: calls, tokens and money of every step before the first call.

The first step's questions are known. Those of later steps depend on answers: where these are kept the
questions are known too, else the step's presumed answer (eight captions a video, eight changes, ...) stands
in for them, and the figures are marked as presumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.annotate.engine.asker import Asker
from components.annotate.engine.looks import Looks
from components.annotate.engine.pipelines import PIPELINES
from components.annotate.engine.run import describe
from components.annotate.engine.section import Settings
from components.annotate.engine.step import Question, Step
from components.annotate.samples import Clip
from components.teacher.asking import Outcome
from components.teacher.budget import Amount
from components.teacher.chat import ChatRequest, Reply, key_of
from components.teacher.client import Client
from components.teacher.estimate import Estimate

NONE = Estimate(0, 0, 0, Amount(), Amount())


@dataclass
class Planned:
    """What one step would take; `presumed`: some of its questions rest on answers nobody has given yet."""

    step: Step
    estimate: Estimate = NONE
    presumed: bool = False


class DryAsker(Asker):
    """Asks nobody: kept answers as they are, presumed ones in place of the others.

    Attributes:
        planned: what each step would take, by name, in the order they were first asked.

    """

    def __init__(self, asker: Asker, first: Step):
        super().__init__(asker.clients["vision"], asker.clients["text"])
        self.planned: dict[str, Planned] = {}
        self._first, self._presuming = first.name, False
        self._asked: set[str] = (
            set()
        )  # keys of all questions so far: an earlier batch may have asked the same

    def ask(self, step: Step, questions: Sequence[Question]) -> list[Outcome]:
        """See `Asker.ask`; nothing is sent."""
        client = self.clients[step.endpoint]
        requests = [step.request(question) for question in questions]
        if step.name == self._first:  # of the next batch
            self._presuming = False
        planned = self.planned.setdefault(step.name, Planned(step))
        planned.estimate = _sum(planned.estimate, self._estimate(client, requests))
        planned.presumed |= self._presuming and bool(questions)
        outcomes: list[Outcome] = []
        for request, question in zip(requests, questions, strict=True):
            kept = client.kept(request)
            self._presuming |= kept is None
            outcomes.append(kept or Reply(step.presumed(question), "", ""))
        return outcomes

    def _estimate(self, client: Client, requests: Sequence[ChatRequest]) -> Estimate:
        """What these requests would take after all that were asked before them."""
        keyed = [(key_of(client.endpoint.known_by(request)), request) for request in requests]
        found = client.estimate([request for key, request in keyed if key not in self._asked])
        again = [client.kept(request) is not None for key, request in keyed if key in self._asked]
        self._asked |= {key for key, _ in keyed}
        return _sum(found, Estimate(len(again), sum(again), len(again) - sum(again), Amount(), Amount()))


@dataclass(frozen=True)
class Plan:
    """What annotating a shard for a task would take."""

    task: str
    clips: int
    steps: Sequence[Planned]
    asker: Asker

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "task": self.task,
            "clips": self.clips,
            "steps": [
                {
                    "step": one.step.name,
                    "endpoint": one.step.endpoint,
                    "model": self.asker.models()[one.step.endpoint],
                    "presumed": one.presumed,
                    "requests": one.estimate.requests,
                    "cached": one.estimate.cached,
                    "repeated": one.estimate.repeated,
                    "about": _amount(one.estimate.about),
                    "at_most": _amount(one.estimate.at_most),
                }
                for one in self.steps
            ],
            "about": _amount(sum((one.estimate.about for one in self.steps), Amount())),
            "at_most": _amount(sum((one.estimate.at_most for one in self.steps), Amount())),
            "beyond_budget": self.beyond_budget(),
        }

    def beyond_budget(self) -> list[str]:
        """Endpoints whose budget does not hold what their steps take at most, each with what it lacks."""
        needs: dict[int, Amount] = {}
        for one in self.steps:
            client = id(self.asker.clients[one.step.endpoint])
            needs[client] = needs.get(client, Amount()) + one.estimate.at_most
        found = {id(client): client for client in self.asker.clients.values()}
        lacking = {
            client.endpoint.model: client.budget.lacks(needs[key])
            for key, client in found.items()
            if key in needs
        }
        return [f"{model}: {' and '.join(what)}" for model, what in sorted(lacking.items()) if what]

    def lines(self) -> list[str]:
        """As lines for a terminal."""
        models, whole = self.asker.models(), self.plain()
        rows = [
            f"{one.step.name} ({one.step.endpoint}, {models[one.step.endpoint]}): {one.estimate}"
            + ("; presumed: it rests on answers nobody has given yet" if one.presumed else "")
            for one in self.steps
        ]
        about, most = whole["about"], whole["at_most"]
        total = (
            f"{self.task}, {self.clips} clips: about {about['calls']} calls, {about['tokens']} tokens, "
            f"{about['usd']:.4f} USD; at most {most['tokens']} tokens, {most['usd']:.4f} USD"
        )
        return [*rows, total, *(f"beyond the budget of {one}" for one in whole["beyond_budget"])]


def plan(task: str, clips: Sequence[Clip], asker: Asker, looks: Looks, settings: Settings) -> Plan:
    """The dry run of one task: frames are decoded and kept answers read, nothing is sent."""
    dry = DryAsker(asker, PIPELINES[task].steps[0])
    describe(task, clips, dry, looks, settings)
    return Plan(task, len(clips), list(dry.planned.values()), asker)


def _sum(one: Estimate, other: Estimate) -> Estimate:
    return Estimate(
        one.requests + other.requests,
        one.cached + other.cached,
        one.repeated + other.repeated,
        one.about + other.about,
        one.at_most + other.at_most,
    )


def _amount(amount: Amount) -> dict[str, Any]:
    return {"calls": amount.calls, "tokens": amount.tokens, "usd": round(amount.usd, 6)}
