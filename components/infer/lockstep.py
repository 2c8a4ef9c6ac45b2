"""Many streams at once: every free slot takes the next plan, every step is one turn of each stream.

The tokens, positions and decisions are those of `StreamSession`; only the batch differs. Savings, all of them
exact: the system message is encoded once, equal streams are watched once, and streams of one video that are
asked nothing before turn q share their turns up to q (`jobs`).

Shapes: B rows of one forward, L new tokens, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from components.core.errors import DataError
from components.infer.decisions import Policy, States
from components.infer.jobs import Job, make_jobs
from components.infer.plans import Frames, Plan, Watched
from components.infer.reading import banned_in_text, next_text_tokens
from components.infer.session import MAX_NEW_TOKENS
from components.infer.slots import Rows, SlotCache, Snapshot
from components.infer.spent import Spent
from components.model.adapter import Adapter
from components.model.positions import Grid
from components.protocol.states import STATES, State
from components.protocol.turns import Turn
from components.protocol.windows import window

SLOTS = 64


@dataclass(frozen=True)
class Input:
    """What one row of a forward feeds."""

    ids: list[int]
    grids: Sequence[Grid]
    features: Tensor | None  # (N, F)


class Lockstep:
    """Watches plans on `slots` slots with one model and one source of frames; `spent` adds up.

    `policy` decides on each turn, by default the arg max over the three states. One with a `width` holds that
    many turns, as `windowed.WindowedSession` does with `keep` = width - 1.
    """

    def __init__(
        self,
        adapter: Adapter,
        frames: Frames,
        *,
        slots: int = SLOTS,
        max_new_tokens: int = MAX_NEW_TOKENS,
        policy: Policy | None = None,
    ):
        self.adapter, self.frames, self.max_new_tokens = adapter, frames, max_new_tokens
        self.cache = SlotCache(adapter.model, slots)
        self.spent = Spent()
        self.state_ids = adapter.state_ids
        self.policy = policy or States(self.state_ids)
        self.banned_V = banned_in_text(adapter)
        self.limit = adapter.max_positions
        self.known_ids: dict[tuple[tuple[str, ...], int, tuple[int, ...]], list[int]] = {}

    @torch.no_grad()
    def watch(
        self, plans: Sequence[Plan], *, share: bool = True, done: Callable[[int], None] | None = None
    ) -> list[Watched]:
        """Watch every plan; results in the order of the plans.

        Args:
            plans: any number.
            share: watch equal streams once, and those of one video together until their first question.
                Exact where a turn's frames do not depend on `until_s`, that is at one frame a second.
            done: called with the number of plans that have just ended.

        """
        results = [Watched() for _ in plans]
        root, position = self._root()
        self.root = root, position
        waiting = make_jobs(plans, root, position, share=share)[::-1]  # taken from the end
        running: dict[int, Job] = {}
        while waiting or running:
            for slot in sorted(set(range(len(self.cache.lengths))) - set(running)):
                if waiting:
                    running[slot] = self._begin(slot, waiting.pop())
            self._step(running)
            for slot, job in sorted(running.items()):
                if job.turn in job.branches:
                    waiting += job.branch(self.cache.snapshot(slot))
                for index in job.ends.get(job.turn, []):
                    results[index] = job.result()
                    if done:
                        done(1)
                if job.last:
                    del running[slot]
        return results

    def _root(self) -> tuple[Snapshot, int]:
        """The cache after the system message, which every stream begins with, and the next position."""
        ids = self.adapter.prefix_ids()
        job = Job(Plan("", (), 1, 0.0), {}, None, 0)
        self.cache.lengths[0] = 0
        self._forward({0: job}, {0: Input(ids, (), None)})
        return self.cache.snapshot(0), job.position

    def _begin(self, slot: int, job: Job) -> Job:
        """Give a job its slot."""
        assert job.start is not None
        self.cache.restore(slot, job.start)
        job.start = None
        return job

    def _step(self, running: dict[int, Job]) -> None:
        """One turn of every running stream, with the text of those that respond or are forced to."""
        self._move(running)
        inputs = {slot: self._input(job) for slot, job in running.items()}
        slots, logits_BV, hidden_BD = self._forward(running, inputs)
        readings = self.policy.decide(logits_BV, hidden_BD)
        states = {slot: reading.state for slot, reading in zip(slots, readings, strict=True)}
        speaking = {slot: job for slot, job in running.items() if states[slot] is State.RESPONSE}
        forced = {
            slot: job for slot, job in running.items() if job.plan.force and job.turn + 1 == job.plan.turns
        }
        spoken = self._decode(speaking | forced)
        texts = {slot: self.adapter.decode(ids).strip() for slot, ids in spoken.items()}
        for slot, job in running.items():
            state, turn = states[slot], job.turn
            text = texts[slot] if state is State.RESPONSE else None
            # Decoding has fed state and text already. A forced stream ends here, so what it fed does no harm.
            said = [self.state_ids[STATES.index(state)]]
            job.unfed = [] if state is State.RESPONSE else said
            job.answers.append([*said, *(spoken[slot] if state is State.RESPONSE else ())])
            job.watched.turns.append(Turn(turn, job.plan.questions(turn), state, text))
            if slot in forced:
                job.watched.forced = texts[slot]
        self.spent.turns += len(running)

    def _move(self, running: dict[int, Job]) -> None:
        """Where a slot holds as many turns as the policy's `width`, the oldest one leaves."""
        width = self.policy.width
        full = {slot: job for slot, job in running.items() if job.turn - job.first == width}
        if width is None or not full:
            return
        root, position = self.root
        for slot, job in full.items():
            self.cache.restore(slot, root)
            job.position = position
        self._forward(full, {slot: self._again(job, width - 1) for slot, job in full.items()})

    def _again(self, job: Job, keep: int) -> Input:
        """The last `keep` turns of a stream but for the last answer, standing questions on the first."""
        held = window(job.watched.turns, job.turn - 1, keep)
        ids: list[int] = []
        grids: list[Grid] = []
        rows: list[Tensor] = []
        previous: list[int] = []
        for turn in held:
            rows_NF, shown = self.frames.rows(job.plan.video, turn.turn, job.plan.until_s)
            visual = self.adapter.n_visual(shown)
            fed = self.adapter.turn_ids(turn.questions, turn.turn, 0, visual, previous=previous)
            # The system message is there already, and nothing was said before the first turn held.
            ids += fed[len(self.adapter.layout.tail) :] if not rows else fed
            grids, rows = [*grids, *shown], [*rows, rows_NF]
            previous = job.answers[turn.turn]
        job.first, job.unfed = job.turn - keep, list(previous)
        return Input(ids, grids, torch.cat(rows))

    def _input(self, job: Job) -> Input:
        """The tokens and frames of a stream's next turn."""
        rows_NF, grids = self.frames.rows(job.plan.video, job.turn, job.plan.until_s)
        key = (job.plan.questions(job.turn), job.turn, tuple(self.adapter.n_visual(grids)))
        if key not in self.known_ids:
            previous: list[int] | None = None if job.turn == 0 else []
            ids = self.adapter.turn_ids(key[0], job.turn, 0, key[2], previous=previous)
            self.known_ids[key] = ids if job.turn else ids[len(self.adapter.prefix_ids()) :]
        return Input([*(job.unfed or []), *self.known_ids[key]], grids, rows_NF)

    def _decode(self, speaking: dict[int, Job]) -> dict[int, list[int]]:
        """The tokens each of these streams says after `</Response>`, greedily; all of them are fed."""
        spoken: dict[int, list[int]] = {slot: [] for slot in speaking}
        response = self.state_ids[STATES.index(State.RESPONSE)]
        tokens = dict.fromkeys(sorted(speaking), response)
        while tokens:
            inputs = {slot: Input([token], (), None) for slot, token in tokens.items()}
            slots, logits_BV, _ = self._forward({slot: speaking[slot] for slot in tokens}, inputs)
            chosen = next_text_tokens(logits_BV, self.banned_V)
            tokens = {
                slot: token
                for slot, token in zip(slots, chosen, strict=True)
                if token != self.adapter.layout.end and len(spoken[slot]) < self.max_new_tokens
            }
            for slot, token in tokens.items():
                spoken[slot].append(token)
        self.spent.texts += len(speaking)
        return spoken

    def _forward(self, jobs: dict[int, Job], inputs: dict[int, Input]) -> tuple[list[int], Tensor, Tensor]:
        """Feed each slot its input in one forward.

        Returns the slots, and after each one's input the next-token logits (B, V) and hidden states (B, D).
        """
        slots = sorted(inputs)
        lengths = [len(inputs[slot].ids) for slot in slots]
        ids_BL = torch.full((len(slots), max(lengths)), self.adapter.layout.end)
        positions_3BL = torch.zeros((3, *ids_BL.shape), dtype=torch.int64)
        for row, slot in enumerate(slots):
            job, given = jobs[slot], inputs[slot]
            ids_BL[row, : lengths[row]] = torch.tensor(given.ids)
            placed, job.position = self.adapter.positions(given.ids, given.grids, job.position)
            positions_3BL[:, row, : lengths[row]] = placed
            if job.position > self.limit:
                need = f"turn {job.turn} needs {job.position} positions, the model has {self.limit}"
                raise DataError(f"{job.plan.video}: {need}")
        shown = [inputs[slot].features for slot in slots]
        rows_NF = torch.cat([rows for rows in shown if rows is not None]) if shown[0] is not None else None
        device = self.adapter.model.device
        rows = Rows(self.cache, slots, lengths)
        hidden_BLD = self.adapter.hidden(
            ids_BL.to(device), positions_3BL.to(device), rows_NF, attention_mask=rows.mask_B1LK, cache=rows
        )
        last_BD = hidden_BLD[torch.arange(len(slots)), torch.tensor(lengths) - 1]
        self.spent.forwards += 1
        self.spent.tokens += sum(lengths)
        return slots, self.adapter.logits(last_BD), last_BD
