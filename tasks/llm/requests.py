"""One question to a language model, and what came back: plain records, no network."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.llm.prompts import Kind

Outcome = Literal[
    "answered", "length", "refusal", "filtered", "too_long", "unanswered", "gave_up", "lost"
]
"""How a request ended. `unanswered`: its batch ended first, it can be asked again. `gave_up`: it
cannot. `lost`: its process died before the answer was kept."""

CHARACTERS_PER_TOKEN = 3.5
"""Fewer than English has with today's tokenizers (4 to 4.5): limits are met with some reserve."""


@dataclass(frozen=True)
class ChatRequest:
    """What is sent.

    `system` is the same for every request of a kind, and `user` begins with the person, so that a
    server's prefix cache serves all requests about one person. `answer_tokens` caps the answer;
    `pairs` is how many scores are asked for.
    """

    kind: Kind
    prompt_version: str
    system: str
    user: str
    schema: Mapping[str, Any]
    answer_tokens: int
    pairs: int = 0

    def digest(self, model: str) -> str:
        """Hash of everything that reaches the model."""
        told = [model, self.system, self.user, self.schema, self.answer_tokens]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @property
    def tokens_expected(self) -> int:
        """Prompt tokens, from the length of the text."""
        return round((len(self.system) + len(self.user)) / CHARACTERS_PER_TOKEN)


@dataclass(frozen=True)
class Usage:
    """Tokens as the server counted them; `cached` are part of `prompt`."""

    prompt: int = 0
    cached: int = 0
    answer: int = 0


@dataclass(frozen=True)
class Reply:
    """How a request ended; `text` is only ever there when the outcome is `answered`."""

    outcome: Outcome
    text: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage = field(default_factory=Usage)
