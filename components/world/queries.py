"""Questions that have an answer at one instant of a scene, by topic (the OVO-Bench subtasks and more).

Every wording here is used both by training labels and by the held-out benchmark.
"""

from dataclasses import dataclass
from itertools import pairwise

from components.core.seeds import derive
from components.world.scene import Scene
from components.world.words import AMBER, ITEMS, JUMPING, NO, NONE, STANDING, UNABLE, YES

LETTER = "which letter is on the sign now?"
ACTION = "what is the actor doing now?"
ACTOR_COLOUR = "which colour is the actor?"
ACTOR_SHAPE = "which shape is the actor?"
LAMP_COLOUR = "which colour is the lamp now?"
PLACE = "where is the actor now?"
NEXT_COLOUR = "which colour comes next?"
OBJECT = "which object is dropping now?"
FIRST = "which object dropped first?"
LAST = "which object dropped last?"
BEFORE_AMBER = "which colour was the lamp before amber?"
TOTAL_JUMPS = "how many jumps in the video?"
TOTAL_DROPS = "how many objects dropped?"
AFTER = "which object dropped after the {item}?"
IS_DROPPING = "is the {item} dropping now?"
WAS_DROPPED = "did the {item} drop?"

# Standing questions of the forward subtasks, each one of the wordings in components/annotate/instructions.
STEP = "the {item} drop"
STEP_GOING_ON = "is {step} going on?"
COUNT_JUMPS = "keep telling me the jump count"
CLUE = "wait and tell me the sign letter"

FRAME_TOPICS = ("OCR", "ACR", "ATR", "STU", "OJR", "NOW", "BLANK")


@dataclass(frozen=True)
class Ask:
    """A question with the answer that holds when it is asked; `topic` groups questions of one skill."""

    topic: str
    question: str
    answer: str


def asks_at(scene: Scene, t: int) -> list[Ask]:
    """Every question that the frames up to instant `t` decide, whatever comes later."""
    return [*_seen_now(scene, t), *_sign(scene, t), *_memory(scene, t)]


def frame_asks(scene: Scene, t: int) -> list[Ask]:
    """The part of `asks_at` that the single frame at `t` decides."""
    return [ask for ask in asks_at(scene, t) if ask.topic in FRAME_TOPICS]


def whole_clip_asks(scene: Scene) -> list[Ask]:
    """Questions about the whole clip, asked at its last turn (offline question answering)."""
    out = [
        Ask("COUNT", TOTAL_JUMPS, str(len(scene.jumps))),
        Ask("COUNT", TOTAL_DROPS, str(len(scene.drops))),
        Ask("EPM", FIRST, scene.drops[0].value),
        Ask("EPM", LAST, scene.drops[-1].value),
    ]
    return out + [Ask("ASI", AFTER.format(item=a.value), b.value) for a, b in pairwise(scene.drops)]


def caption(scene: Scene, t: int) -> str:
    """The frame at instant `t` in four slots joined by ` ; `."""
    action = JUMPING if scene.jumping_at(t) else STANDING
    return " ; ".join(
        (
            f"lamp {scene.lamp_at(t)}",
            f"actor {scene.actor} {action} {scene.side_at(t)}",
            f"drop {scene.drop_at(t) or NONE}",
            f"sign {scene.sign_at(t) or NONE}",
        )
    )


def item_of(step: str) -> str:
    """The object a step is about: `the red circle drop` -> `red circle`."""
    return step.removeprefix("the ").removesuffix(" drop")


def absent_items(scene: Scene, *names: object) -> tuple[str, str]:
    """Two objects that never appear in the scene; `names` vary the choice."""
    shown = {scene.actor, *(span.value for span in scene.drops)}
    rest = [item for item in ITEMS if item not in shown]
    number, first = divmod(derive(0, scene.video_id, *names), len(rest))
    second = (first + 1 + number % (len(rest) - 1)) % len(rest)
    return rest[first], rest[second]


def _seen_now(scene: Scene, t: int) -> list[Ask]:
    colour, shape = scene.actor.split()
    visible = scene.drop_at(t)
    out = [
        Ask("ACR", ACTION, JUMPING if scene.jumping_at(t) else STANDING),
        Ask("ATR", ACTOR_COLOUR, colour),
        Ask("ATR", ACTOR_SHAPE, shape),
        Ask("ATR", LAMP_COLOUR, scene.lamp_at(t)),
        Ask("STU", PLACE, scene.side_at(t)),
        Ask("OJR", OBJECT, visible or NONE),
    ]
    if visible:
        out.append(Ask("NOW", IS_DROPPING.format(item=visible), YES))
    others = [span.value for span in scene.drops if span.value != visible] + [absent_items(scene, t)[0]]
    return out + [Ask("NOW", IS_DROPPING.format(item=item), NO) for item in others[: 1 if visible else 2]]


def _sign(scene: Scene, t: int) -> list[Ask]:
    letter = scene.sign_at(t)
    return [Ask("OCR", LETTER, letter) if letter else Ask("BLANK", LETTER, UNABLE)]


def _memory(scene: Scene, t: int) -> list[Ask]:
    hidden, visible = scene.drops_by(t), scene.drop_at(t)
    coming = scene.lamp_next(t)
    out = [Ask("FPD", NEXT_COLOUR, coming)] if coming else []
    if scene.lamp_at(t) == AMBER:
        out.append(Ask("EPM", BEFORE_AMBER, scene.lamp_before(t) or ""))
    if not hidden and not visible:
        out.append(Ask("HLD", FIRST, UNABLE))
    absent = absent_items(scene, t)
    if hidden:
        out.append(Ask("EPM", FIRST, hidden[0]))
        out.append(Ask("WAS", WAS_DROPPED.format(item=hidden[t % len(hidden)]), YES))
        out.append(Ask("WAS", WAS_DROPPED.format(item=absent[0]), NO))
        out.append(Ask("HLD", AFTER.format(item=absent[1]), UNABLE))
    for first, second in pairwise(hidden):
        out.append(Ask("ASI", AFTER.format(item=first), second))
    if hidden and not visible:
        out.append(Ask("HLD", AFTER.format(item=hidden[-1]), UNABLE))
    return out
