"""Videos into the frame store: each decoded once, on all cores, in limited children that die with us."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from components.core.claims import Claims
from components.core.errors import DataError, InternalError
from components.core.progress import Progress
from components.video.child import CRASH, Child, EndedError, each
from components.video.framestore.fidelity import Fidelity, Key
from components.video.framestore.store import AGAIN, DECODED, FETCHED, HELD, FrameStore
from components.video.framestore.worker import CHANGED, NOT_WRITTEN, answer
from components.video.limits import Limits
from components.video.source import VideoSource

WORKER = "components.video.framestore.worker"
LIMITS = Limits(cpu_s=7200, wall_s=14_400.0, file_mb=1 << 16)  # an hour of 4k takes half an hour of a core
CLAIMED_S = 0.1  # between looks at a video that another process decodes
NO_FAULT_OF_THE_VIDEO = (CHANGED, NOT_WRITTEN)
FEW_S = 4.0  # what takes longer says how far it is
Said = dict[str, str]


@dataclass(frozen=True)
class Wanted:
    """A video whose frames are wanted: its id, and how many whole seconds it has."""

    video_id: str
    turns: int


class Maker:
    """Makes frame files; one for each process that fills.

    Args:
        store: where they go.
        source: the videos.
        fidelity: of the frames.
        workers: children at once; None for one per core, 0 to decode in this process.

    """

    def __init__(
        self, store: FrameStore, source: VideoSource, fidelity: Fidelity, *, workers: int | None = None
    ):
        self.store, self.source, self.fidelity, self.workers = store, source, fidelity, workers
        self._claims, self._mine = Claims(store.folder), set[str]()
        self._claiming, self._stop = threading.Lock(), threading.Event()

    def key(self, wanted: Wanted) -> Key:
        """What the frames are known by; DataError if there is no such file, or it cannot be read."""
        try:
            content = self.source.content(wanted.video_id)
        except OSError as error:
            raise DataError(f"{wanted.video_id}: {error.strerror}") from None
        return Key(content, wanted.turns, self.fidelity.plain)

    def fill(self, videos: Sequence[Wanted], label: str = "frames") -> dict[str, str]:
        """Make what is missing, with progress; why a video has no frames, by its id."""
        failed: dict[str, str] = {}
        progress, start = Progress(label, len(videos), silent=True), time.monotonic()
        self._stop.clear()
        for wanted, error in zip(videos, self._each(videos), strict=True):
            if error is not None:
                failed[wanted.video_id] = str(error)
            progress.silent = time.monotonic() - start < FEW_S
            progress.step()
        return failed

    def _each(self, videos: Sequence[Wanted]) -> Iterator[DataError | None]:
        if self.workers == 0:
            yield from (self.make(wanted, None) for wanted in videos)
        else:
            yield from each(
                videos,
                lambda: Child(WORKER, LIMITS, "decoding"),
                lambda child, wanted: self.make(wanted, child),
                workers=self.workers,
                ending=self._stop.set,
            )

    def make(self, wanted: Wanted, child: Child | None) -> DataError | None:
        """Frames of one video, if nobody has made them yet; the error where they cannot be made."""
        try:
            key = self.key(wanted)
            with self._claimed(key):
                if self.store.open(key) is not None:
                    self.store.count(HELD)
                elif self.store.fetch(key):
                    self.store.count(FETCHED)
                else:
                    self._decode(wanted, key, child)
                    self.store.count(DECODED)
                    self.store.offer(key)
        except DataError as error:
            return error
        return None

    def _decode(self, wanted: Wanted, key: Key, child: Child | None) -> None:
        path = self.source.media.resolve(wanted.video_id)
        with self.store.scratch(key.name) as scratch:
            request = {"path": str(path), "out": str(scratch), "key": key.plain}
            said = answer(request) if child is None else self._asked(child, request)
            if said.get("reason") in NO_FAULT_OF_THE_VIDEO:
                raise InternalError(f"frames of {wanted.video_id}, {said['reason']}: {said['detail']}")
            if said:
                self.store.count(f"failed_{said['reason']}")
                detail = said["detail"].replace(f"{path}: ", "").replace(str(path), wanted.video_id)
                raise DataError(f"{wanted.video_id}: {said['reason']}: {detail}")
            self.store.publish(scratch, key.name)

    def _asked(self, child: Child, request: dict[str, Any], *, again: bool = True) -> Said:
        """What the child says; one that was killed is not the video's fault the first time."""
        try:
            said: Said = child.ask(request)
            return said
        except EndedError as ended:
            if not again or ended.reason != CRASH or self._stop.is_set():
                return {"reason": ended.reason, "detail": ended.detail}
        self.store.count(AGAIN)
        return self._asked(child, request, again=False)

    @contextlib.contextmanager
    def _claimed(self, key: Key) -> Iterator[None]:
        """Hold the claim on a video; a process or thread that decodes it already is waited for."""
        while not self._take(key.name):
            if self._stop.wait(CLAIMED_S):
                raise InternalError(f"{key.name}: stopped before another process had decoded it")
        try:
            yield
        finally:
            with self._claiming:
                self._mine.discard(key.name)
                self._claims.give(key.name)

    def _take(self, name: str) -> bool:
        with self._claiming:
            taken = name not in self._mine and self._claims.take(name)
            if taken:
                self._mine.add(name)
            return taken

    def close(self) -> None:
        """Give all claims back."""
        self._claims.close()
