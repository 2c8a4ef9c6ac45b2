"""What several pipelines share: frames of a clip that may be unreadable, and which clips are still open."""

from collections.abc import Sequence

from components.annotate.engine.described import Described
from components.annotate.engine.looks import Looks, strided
from components.annotate.engine.step import Question
from components.core.errors import DataError
from components.protocol import reasons
from components.teacher.chat import Image


def open_clips(works: Sequence[Described]) -> list[Described]:
    """Those that may still get a description."""
    return [one for one in works if one.open]


def see(one: Described, looks: Looks, seconds: Sequence[int]) -> list[Image]:
    """The frames of a clip; one that cannot be decoded is dropped, and shows nothing."""
    try:
        return looks.frames(one.clip, seconds)
    except DataError as error:
        one.drop(reasons.UNREADABLE_VIDEO, str(error))
        return []


def whole(one: Described, looks: Looks, most: int, **told: object) -> Question:
    """A question about the whole clip: at most `most` frames, evenly apart; `told` is said beside."""
    seconds = strided(one.clip.last_turn, most)
    images = see(one, looks, seconds)
    return Question({"duration_s": round(one.clip.duration_s, 3), "seconds": seconds, **told}, tuple(images))


def stride(one: Described, most: int) -> int:
    """Seconds between two frames of `whole`, 1 at least."""
    return max(1, *strided(one.clip.last_turn, most)[1:2])


def whole_questions(works: Sequence[Described], looks: Looks, most: int) -> list[tuple[Described, Question]]:
    """`whole` of every clip that can be decoded."""
    asked = [(one, whole(one, looks, most)) for one in open_clips(works)]
    for one, _ in asked:
        apart = stride(one, most)
        if apart > 1:  # what is shorter may be missed: the product says where
            one.notes["stride_s"] = apart
            one.counts["strided_clips"] += 1
    return [(one, question) for one, question in asked if one.open]
