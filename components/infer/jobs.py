"""Which streams a batch runs: plans of one video go together until their first question."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from components.infer.plans import Plan, Watched
from components.infer.slots import Snapshot


@dataclass
class Job:
    """One stream on its way: a plan's (`index`), or the trunk that several plans leave (`index` is None)."""

    plan: Plan
    index: int | None
    start: Snapshot | None  # what its slot begins with; dropped once it has one
    position: int
    unfed: list[int] | None = None  # answer tokens to feed with the next turn; None before the first
    watched: Watched = field(default_factory=Watched)
    branches: dict[int, list[tuple[int, Plan]]] = field(default_factory=dict)

    @property
    def turn(self) -> int:
        """The next turn."""
        return len(self.watched.turns)

    @property
    def last(self) -> bool:
        """Whether the turn just watched was the plan's last."""
        return self.turn == self.plan.turns

    def branch(self, start: Snapshot) -> list["Job"]:
        """The jobs that leave the trunk before the next turn; `start` is what its slot holds now."""
        return [
            Job(plan, index, start, self.position, list(self.unfed or []), Watched(list(self.watched.turns)))
            for index, plan in self.branches.pop(self.turn, [])
        ]


def make_jobs(plans: Sequence[Plan], root: Snapshot, position: int, *, share: bool) -> list[Job]:
    """One job per plan; with `share` a trunk in place of those it carries (at least two of one video)."""
    late: dict[str, list[tuple[int, Plan]]] = defaultdict(list)
    for index, plan in enumerate(plans):
        if share and 1 <= plan.first_ask < plan.turns:
            late[plan.video].append((index, plan))
    trunks = {video: members for video, members in late.items() if len(members) > 1}
    carried = {index for members in trunks.values() for index, _ in members}
    jobs = [Job(plan, index, root, position) for index, plan in enumerate(plans) if index not in carried]
    return jobs + [make_trunk(members, root, position) for members in trunks.values()]


def make_trunk(members: Sequence[tuple[int, Plan]], root: Snapshot, position: int) -> Job:
    """The stream without questions that `members` leave, each before the turn of its first question."""
    branches: dict[int, list[tuple[int, Plan]]] = defaultdict(list)
    for index, plan in members:
        branches[plan.first_ask].append((index, plan))
    turns = max(branches)
    # A member leaves before the turn of its question, so the trunk shows it no frame after its query.
    trunk = Plan(members[0][1].video, (), turns, until_s=float(turns))
    return Job(trunk, None, root, position, branches=dict(branches))
