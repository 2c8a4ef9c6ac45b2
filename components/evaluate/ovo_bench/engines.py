"""The two ways to answer: as a stream, one pass a video; or polled, one offline question a point."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from components.core.files import read_json
from components.evaluate.ovo_bench.items import Item
from components.evaluate.ovo_bench.official import answer_streams, answer_texts, plain
from components.evaluate.ovo_bench.polling import poll
from components.evaluate.ovo_bench.settings import Settings
from components.evaluate.ovo_bench.watch import Session, watch_video
from components.infer.decisions import Policy, States
from components.infer.gated_streams import GatedSession
from components.infer.offline import OfflineModel
from components.infer.policies import STREAM_FILE, Outside, from_folder
from components.infer.spent import Spent
from components.infer.windowed import WindowedSession
from components.model.adapter import Adapter, load

Line = dict[str, Any]  # of the journal, without its key


class Engine(Protocol):
    """Answers the items of one video; `spent` adds up what that cost."""

    spent: Spent

    def answer(self, path: Path, items: Sequence[Item]) -> Iterator[tuple[Item, Line]]:
        """Each item as soon as it is answered."""
        ...


class Streaming:
    """A model that decides on every turn."""

    def __init__(self, model: Path, settings: Settings):
        self.adapter, self.settings, self.spent = load(model), settings, Spent()
        self.policy = policy_of(model, self.adapter)

    def open_session(self) -> Session:
        """A stream at its beginning, under the policy of the model's folder."""
        knobs = self.settings
        if isinstance(self.policy, Outside):
            gated = GatedSession(self.policy, self.adapter, max_new_tokens=knobs.max_new_tokens)
            gated.answers.spent = self.spent
            return gated
        return WindowedSession(
            self.adapter,
            width=knobs.window_turns,
            max_new_tokens=knobs.max_new_tokens,
            spent=self.spent,
            policy=self.policy,
        )

    def answer(self, path: Path, items: Sequence[Item]) -> Iterator[tuple[Item, Line]]:
        """One pass over the video for all items."""
        for watched in watch_video(
            self.adapter, path, items, fps=self.settings.fps, open_session=self.open_session
        ):
            video = watched.item.entry["video"]
            streams = [{**stream.plain(), "video": video} for stream in watched.streams]
            yield watched.item, {**plain(answer_streams(watched)), "streams": streams}


def policy_of(model: Path, adapter: Adapter) -> Policy | Outside:
    """The timing policy that a folder names; the three states where it names none.

    Raises:
        DataError: the policy is not known, its weights are missing, or the model has no state tokens.

    """
    path = model / STREAM_FILE
    named = path.is_file() and "policy" in read_json(path)
    return from_folder(model, adapter) if named else States(adapter.state_ids)


class Polling:
    """A model without streaming."""

    def __init__(self, model: Path, settings: Settings):
        self.model, self.settings, self.spent = OfflineModel(load(model)), settings, Spent()

    def answer(self, path: Path, items: Sequence[Item]) -> Iterator[tuple[Item, Line]]:
        """One offline question a scored point."""
        knobs = self.settings
        for item in items:
            said = poll(
                self.model,
                path,
                item,
                fps=knobs.fps,
                frames=knobs.frames,
                max_new_tokens=knobs.max_new_tokens,
            )
            self.spent.texts += len(said)
            self.spent.forwards, self.spent.tokens = self.model.forwards, self.model.tokens
            yield item, {**plain(answer_texts(item, said)), "said": said}


def open_engine(model: Path, settings: Settings) -> Engine:
    """The engine of a protocol, with the model loaded."""
    return Polling(model, settings) if settings.protocol == "polling" else Streaming(model, settings)
