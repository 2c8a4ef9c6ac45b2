"""One kind of question of a pipeline: its prompt, what the answer must look like, and who is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from components.annotate.schemas import Schema
from components.annotate.wording import prompt
from components.core.files import dumps
from components.core.hashing import sha256_bytes
from components.teacher.chat import ChatRequest, Image, ask

UNSENT = ("minLength", "minimum")  # the guard's to check: many servers refuse them in a strict schema
RULES = "rules"  # the prompt that every step begins with


@dataclass(frozen=True)
class Question:
    """What is asked about one clip.

    Attributes:
        told: the fields of the text part, as plain JSON values.
        images: frames, in the order of `told["seconds"]`.

    """

    told: Mapping[str, Any]
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class Step:
    """A kind of question.

    Attributes:
        name: `<task>.<step>`: the file of its prompt and the title of its schema.
        schema: of the answer, without the title.
        endpoint: `vision` is shown frames, `text` is not.
        max_tokens: most tokens of an answer.
        presumed: an answer of usual size, so that a dry run can go on to the next step.

    """

    name: str
    schema: Schema
    endpoint: Literal["vision", "text"]
    max_tokens: int
    presumed: Callable[[Question], Any] = field(compare=False)

    @property
    def system(self) -> str:
        """The system message: the rules of every step, then this step's prompt."""
        return f"{prompt(RULES).strip()}\n\n{prompt(self.name).strip()}"

    @property
    def version(self) -> str:
        """The first 12 hex digits of the SHA-256 of the system message."""
        return sha256_bytes(self.system.encode("utf-8"))[:12]

    def request(self, question: Question) -> ChatRequest:
        """The chat request: one JSON text, then the frames."""
        told = dumps(dict(question.told), indent=None).strip()
        schema = {"title": self.name, **sent(self.schema)}
        return ask(self.system, told, *question.images, schema=schema, max_tokens=self.max_tokens)


def sent(schema: Schema) -> Schema:
    """A schema as it is sent: without the keys of `UNSENT`, at every depth."""
    kept = {key: value for key, value in schema.items() if key not in UNSENT}
    if "items" in kept:
        kept["items"] = sent(kept["items"])
    if "properties" in kept:
        kept["properties"] = {name: sent(one) for name, one in kept["properties"].items()}
    return kept
