"""When to speak, behind one interface; `streamo.json` names the one a model folder was trained for.

Two kinds: a `Policy` (`decisions`) reads its state from the stream's own forward; an `Outside` one (`gated`)
decides beside it, and a model that does not stream gives the answer. `open_streams` (many at once) and
`open_session` (a live one) hide the difference.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from components.core.errors import DataError
from components.core.files import read_json
from components.infer.decisions import Constant, Eos, Head, Policy, States
from components.infer.gated import POLL_S, External, Polling
from components.infer.gated_streams import GatedSession, GatedStreams
from components.infer.lockstep import Lockstep
from components.infer.plans import Frames, Plan, Watched
from components.infer.session import MAX_NEW_TOKENS, StreamSession
from components.infer.spent import Spent
from components.infer.windowed import WindowedSession
from components.model.adapter import Adapter
from components.model.timing import load_gate, load_head
from components.protocol.states import STATES

__all__ = [
    "Constant", "Eos", "External", "Head", "Outside", "Policy", "Polling", "States", "Streams",
    "from_folder", "open_session", "open_streams", "untrained",
]  # fmt: skip

STREAM_FILE = "streamo.json"
LAST_TURNS = 4
Outside = External | Polling


class Streams(Protocol):
    """Watches plans, many streams at once; `spent` adds up."""

    @property
    def spent(self) -> Spent:
        """Forwards, turns, texts and tokens so far."""

    def watch(
        self, plans: Sequence[Plan], *, share: bool = True, done: Callable[[int], None] | None = None
    ) -> list[Watched]:
        """See `lockstep.Lockstep.watch`."""


def from_folder(folder: Path, adapter: Adapter) -> Policy | Outside:
    """The policy that a model folder was trained for by its `streamo.json`; three states where it names none.

    Raises:
        DataError: a policy that is not known here, or one whose weights are missing; or three states are
            expected of a model that has no state tokens.

    """
    path = folder / STREAM_FILE
    about: dict[str, Any] = (read_json(path) if path.is_file() else {}).get("policy") or {"name": "states"}
    name = about.get("name")
    try:
        if name == "states":
            return States(adapter.state_ids)
        if name == "eos":
            return Eos(adapter.state_ids)
        if name == "head":
            return Head(load_head(folder).to(adapter.model.device), float(about["threshold"]))
        if name == "external":
            gate = load_gate(folder, int(about["turns"])).to(adapter.model.device)
            return External(adapter, gate, float(about["threshold"]), int(about["turns"]))
    except KeyError as error:
        raise DataError(f"{path}: policy {name} lacks {error}; train the model again") from None
    raise DataError(f"{path}: policy {name!r}, expected states, eos, head or external; train the model again")


def untrained(adapter: Adapter, base: Adapter, every_s: int = POLL_S) -> list[Policy | Outside]:
    """Ways that need no training of their own.

    Args:
        adapter: a model that streams: held to its last turns, and made to take one state always.
        base: the offline model that is polled.
        every_s: seconds between two polls.

    """
    constants = [Constant(state) for state in STATES]
    return [States(adapter.state_ids, LAST_TURNS), Polling(base, every_s), *constants]


def open_streams(
    policy: Policy | Outside, adapter: Adapter, frames: Frames, *, max_new_tokens: int = MAX_NEW_TOKENS
) -> Streams:
    """Many streams at once under a policy."""
    if isinstance(policy, Outside):
        return GatedStreams(policy, frames, max_new_tokens=max_new_tokens)
    return Lockstep(adapter, frames, max_new_tokens=max_new_tokens, policy=policy)


def open_session(
    policy: Policy | Outside, adapter: Adapter, *, max_new_tokens: int = MAX_NEW_TOKENS
) -> StreamSession | WindowedSession | GatedSession:
    """One live stream under a policy."""
    if isinstance(policy, Outside):
        return GatedSession(policy, adapter, max_new_tokens=max_new_tokens)
    if policy.width is not None:
        keep = policy.width - 1
        return WindowedSession(
            adapter, width=policy.width, keep=keep, max_new_tokens=max_new_tokens, policy=policy
        )
    return StreamSession(adapter, max_new_tokens=max_new_tokens, policy=policy)
