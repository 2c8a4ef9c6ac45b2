"""The two ways to answer: as a stream, one pass a video; or polled, one offline question a point."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from components.evaluate.ovo_bench.items import Item
from components.evaluate.ovo_bench.official import answer_streams, answer_texts, plain
from components.evaluate.ovo_bench.polling import poll
from components.evaluate.ovo_bench.settings import Settings
from components.evaluate.ovo_bench.watch import watch_video
from components.infer.offline import OfflineModel
from components.infer.spent import Spent
from components.infer.windowed import WindowedSession
from components.model.adapter import load

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
        self.adapter, self.fps, self.spent = load(model), settings.fps, Spent()
        self.open_session = partial(
            WindowedSession,
            self.adapter,
            width=settings.window_turns,
            max_new_tokens=settings.max_new_tokens,
            spent=self.spent,
        )

    def answer(self, path: Path, items: Sequence[Item]) -> Iterator[tuple[Item, Line]]:
        """One pass over the video for all items."""
        for watched in watch_video(self.adapter, path, items, fps=self.fps, open_session=self.open_session):
            video = watched.item.entry["video"]
            streams = [{**stream.plain(), "video": video} for stream in watched.streams]
            yield watched.item, {**plain(answer_streams(watched)), "streams": streams}


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
