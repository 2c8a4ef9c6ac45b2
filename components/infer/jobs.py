"""Which streams a batch runs: equal ones once, and those of one video together until their first question."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from components.infer.plans import Plan, Watched
from components.infer.slots import Snapshot


@dataclass(frozen=True)
class Stream:
    """Plans that are one stream read at several ends: `ends[n]` are the indices of those with n turns."""

    plan: Plan  # the longest
    ends: dict[int, list[int]]


@dataclass
class Job:
    """One stream on its way, or the trunk that several streams branch off (it has no `ends`)."""

    plan: Plan
    ends: dict[int, list[int]]
    start: Snapshot | None  # what its slot begins with; dropped once it has one
    position: int
    unfed: list[int] | None = None  # answer tokens to feed with the next turn; None before the first
    watched: Watched = field(default_factory=Watched)
    branches: dict[int, list[Stream]] = field(default_factory=dict)
    answers: list[list[int]] = field(default_factory=list)  # tokens of each turn's answer, without the end
    first: int = 0  # the first turn its slot holds

    @property
    def turn(self) -> int:
        """The next turn."""
        return len(self.watched.turns)

    @property
    def last(self) -> bool:
        """Whether the turn just watched was the last."""
        return self.turn == self.plan.turns

    def result(self) -> Watched:
        """What was watched so far, independent of what follows."""
        return Watched(list(self.watched.turns), self.watched.forced)

    def branch(self, start: Snapshot) -> list["Job"]:
        """The jobs that leave the trunk before the next turn; `start` is what its slot holds now."""
        unfed = list(self.unfed or [])
        leaving = self.branches.pop(self.turn, [])
        return [
            Job(
                each.plan, each.ends, start, self.position, unfed, self.result(),
                answers=list(self.answers), first=self.first,
            )
            for each in leaving
        ]  # fmt: skip


def make_jobs(plans: Sequence[Plan], root: Snapshot, position: int, *, share: bool) -> list[Job]:
    """The jobs that fill every plan's result; with `share` none does what another has done already."""
    if not share:
        alone = [Stream(plan, {plan.turns: [index]}) for index, plan in enumerate(plans)]
        return [Job(each.plan, each.ends, root, position) for each in alone]
    early: list[Stream] = []
    late: dict[str, list[Stream]] = defaultdict(list)
    for each in merge(plans):
        if 1 <= each.plan.first_ask < each.plan.turns:
            late[each.plan.video].append(each)
        else:
            early.append(each)
    for members in late.values():
        if len(members) == 1:
            early += members
    jobs = [Job(each.plan, each.ends, root, position) for each in early]
    jobs += [make_trunk(members, root, position) for members in late.values() if len(members) > 1]
    # Streams of one length go in step: they begin together and attend over equally much.
    return sorted(jobs, key=lambda job: -job.plan.turns)


def merge(plans: Sequence[Plan]) -> list[Stream]:
    """Plans with the same video and questions as one stream; where one is forced to answer, it ends."""
    found: dict[tuple[str, tuple[tuple[int, str], ...], int], dict[int, list[int]]] = {}
    for index, plan in enumerate(plans):
        key = (plan.video, plan.shown, plan.turns if plan.force else 0)
        found.setdefault(key, {}).setdefault(plan.turns, []).append(index)
    return [Stream(plans[ends[max(ends)][0]], ends) for ends in found.values()]


def make_trunk(members: Sequence[Stream], root: Snapshot, position: int) -> Job:
    """The stream without questions that `members` leave, each before the turn of its first question."""
    branches: dict[int, list[Stream]] = defaultdict(list)
    for each in members:
        branches[each.plan.first_ask].append(each)
    turns = max(branches)
    # A member leaves before the turn of its question, so the trunk shows it no frame after its query.
    trunk = Plan(members[0].plan.video, (), turns, until_s=float(turns))
    return Job(trunk, {}, root, position, branches=dict(branches))
