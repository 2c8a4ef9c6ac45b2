"""Where a run stands in its stream of samples: saved with each checkpoint, verified before it is resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from components.core.errors import DataError
from components.core.hashing import fingerprint
from components.protocol.turns import Dialogue
from components.train.order import Step, draw_samples

START = "0" * 64


@dataclass(frozen=True)
class LoaderState:
    """`steps` optimizer steps of `batch` samples were drawn from `total` samples with `seed`.

    epoch: of the sample drawn next, from 0. digest: SHA-256 chained over the ids of all samples drawn, in
    order, so that equal digests mean an equal stream.
    """

    seed: int
    batch: int
    total: int
    steps: int = 0
    epoch: int = 0
    digest: str = START

    def advance(self, step: Step) -> "LoaderState":
        """The state after one more step."""
        return self._after(step.ids)

    def _after(self, ids: Sequence[str]) -> "LoaderState":
        steps = self.steps + 1
        digest = fingerprint([self.digest, *ids])
        return replace(self, steps=steps, epoch=steps * self.batch // self.total, digest=digest)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any], *, samples: Sequence[Dialogue]) -> "LoaderState":
        """The saved state, after drawing its whole stream again from `samples`.

        Raises:
            DataError: a field is missing or of another kind, or the samples are not those it was drawn from.

        """
        kinds = {name: str if name == "digest" else int for name in cls.__dataclass_fields__}
        if set(saved) != set(kinds) or any(type(saved[name]) is not kinds[name] for name in kinds):
            raise DataError(f"loader state {dict(saved)}: expected {', '.join(kinds)}; delete the checkpoint")
        state = cls(**saved)
        if state.total != len(samples):
            raise DataError(
                f"the checkpoint was made with {state.total} samples, now there are {len(samples)}"
            )
        replayed = state.replay(samples)
        if replayed != state:
            raise DataError(
                f"the checkpoint has seen other samples in {state.steps} steps than seed {state.seed} draws "
                f"now (digest {state.digest[:12]}, from this dataset {replayed.digest[:12]}); train anew"
            )
        return state

    def replay(self, samples: Sequence[Dialogue]) -> "LoaderState":
        """The state that as many steps over `samples` lead to, from the beginning."""
        state = LoaderState(self.seed, self.batch, len(samples))
        for step in range(self.steps):
            drawn = draw_samples(self.seed, step, self.batch, len(samples), (0,))
            state = state._after([samples[sample.index].sample_id for sample in drawn])
        return state
