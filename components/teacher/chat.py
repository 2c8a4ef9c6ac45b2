"""One question to a chat model: its messages, what goes over the wire, and the hash it is known by."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from components.core.errors import InternalError
from components.core.files import dumps
from components.core.hashing import fingerprint, sha256_bytes

# A change of how a request is written down makes every earlier answer another one's: count it up then.
LAYOUT = 1
# How a server is told the schema: it holds the model to it, or to any JSON object, or is not told at all.
SCHEMA_AS = ("json_schema", "json_object", "text")
SPELLED = "Your whole answer is one JSON value that meets this JSON schema: "
MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True)
class Image:
    """One encoded frame, PNG or JPEG: the file's bytes as they are, or a view of them where they lie."""

    data: bytes | memoryview

    @property
    def mime(self) -> str:
        """`image/png` or `image/jpeg`, told from the first bytes; InternalError for anything else."""
        first = bytes(self.data[:8])
        for magic, mime in MAGIC.items():
            if first.startswith(magic):
                return mime
        raise InternalError(f"an image part begins with {first!r}: expected PNG or JPEG bytes")

    def wire(self) -> dict[str, Any]:
        """The part as a data URL."""
        encoded = base64.b64encode(self.data).decode("ascii")
        return {"type": "image_url", "image_url": {"url": f"data:{self.mime};base64,{encoded}"}}

    @cached_property
    def sha256(self) -> str:
        """Of the bytes; taken once, since a frame is shown in many questions."""
        return sha256_bytes(self.data)

    def known_by(self) -> dict[str, str]:
        """What stands for the image in the request's hash and in the cache."""
        return {"image_sha256": self.sha256, "mime": self.mime}


@dataclass(frozen=True)
class Message:
    """A message of text and images, in the order they are shown."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[str | Image, ...]

    def wire(self) -> dict[str, Any]:
        """The message for the endpoint; text alone stays a plain string, which every server takes."""
        if all(isinstance(part, str) for part in self.parts):
            return {"role": self.role, "content": "\n".join(str(part) for part in self.parts)}
        content = [
            {"type": "text", "text": part} if isinstance(part, str) else part.wire() for part in self.parts
        ]
        return {"role": self.role, "content": content}

    def known_by(self) -> dict[str, Any]:
        """The message with hashes in place of image bytes."""
        return {
            "role": self.role,
            "parts": [part if isinstance(part, str) else part.known_by() for part in self.parts],
        }


@dataclass(frozen=True)
class ChatRequest:
    """One question.

    Attributes:
        messages: what the model is shown.
        schema: JSON schema (draft 2020-12) the answer must meet; None asks for plain text.
        max_tokens: most tokens of the answer; also what the budget sets aside for it.
        temperature: 0 is greedy; None leaves it to the server.
        seed: sent to the server and part of the hash, so another seed is another question; None sends none.

    """

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 256
    temperature: float | None = 0.0
    seed: int | None = 0

    def parameters(self) -> dict[str, Any]:
        """What the sampler is told, without what is None."""
        values = {"max_tokens": self.max_tokens, "temperature": self.temperature, "seed": self.seed}
        return {name: value for name, value in values.items() if value is not None}

    def body(
        self, model: str, length_key: str = "max_tokens", schema_as: str = "json_schema"
    ) -> dict[str, Any]:
        """The JSON body of POST /chat/completions.

        Args:
            model: the model's name there.
            length_key: what this server calls `max_tokens`.
            schema_as: one of SCHEMA_AS; where it is not the first, `spelled` comes before.

        """
        parameters = self.parameters()
        parameters[length_key] = parameters.pop("max_tokens")
        body = {"model": model, "messages": [message.wire() for message in self.messages], **parameters}
        if self.schema is not None and schema_as == "json_object":
            body["response_format"] = {"type": "json_object"}
        elif self.schema is not None and schema_as == "json_schema":
            described = {"name": "answer", "strict": True, "schema": dict(self.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        return body

    def spelled(self) -> "ChatRequest":
        """The same with the schema written out at the end of the first message, for the model to read."""
        if self.schema is None:
            return self
        first, *others = self.messages
        told = SPELLED + dumps(dict(self.schema), indent=None).strip()
        return replace(self, messages=(Message(first.role, (*first.parts, told)), *others))

    def known_by(self, model: str, revision: str) -> dict[str, Any]:
        """Everything the answer depends on, as plain JSON without image bytes; `key_of` hashes it."""
        return {
            "layout": LAYOUT,
            "model": model,
            "revision": revision,
            "messages": [message.known_by() for message in self.messages],
            "parameters": self.parameters(),
            "schema": None if self.schema is None else dict(self.schema),
        }

    def text_bytes(self) -> int:
        """UTF-8 bytes of all text and of the schema: no byte-level tokenizer makes more tokens of them."""
        texts = [part for message in self.messages for part in message.parts if isinstance(part, str)]
        schema = "" if self.schema is None else dumps(dict(self.schema), indent=None)
        return sum(len(text.encode("utf-8")) for text in [*texts, schema])

    def images(self) -> int:
        """How many images are shown."""
        return sum(isinstance(part, Image) for message in self.messages for part in message.parts)


def key_of(known_by: Mapping[str, Any]) -> str:
    """SHA-256 of `ChatRequest.known_by(...)`: the name of the answer in the cache."""
    return fingerprint(dict(known_by))


def ask(system: str, *parts: str | Image, **options: Any) -> ChatRequest:
    """A request of a system message and one user message; `options` are the fields of ChatRequest."""
    return ChatRequest((Message("system", (system,)), Message("user", parts)), **options)


@dataclass(frozen=True)
class Reply:
    """A usable answer.

    Attributes:
        data: the parsed JSON that meets the request's schema; without a schema the text.
        text: the answer as the model wrote it.
        key: hash of the request, the name of the record in the cache.
        provenance: see components/teacher/README.md; not compared, since times differ from run to run.
        cached: whether it was already paid for; not compared.

    """

    data: Any
    text: str
    key: str
    provenance: Mapping[str, Any] = field(default_factory=dict, compare=False)
    cached: bool = field(default=False, compare=False)
