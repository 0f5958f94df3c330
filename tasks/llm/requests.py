"""One request to a language model, what it is about, and what came back: plain records."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.llm.probabilities import Token

Outcome = Literal[
    "answered", "length", "refusal", "filtered", "too_long", "unanswered", "gave_up", "lost"
]
"""How a request ended. `unanswered`: its batch ended first, it can be asked again. `gave_up`: it
cannot. `lost`: its process died before the answer was kept."""

CHARACTERS_PER_TOKEN = 3.5
"""Fewer than English has with today's tokenizers (4 to 4.5): limits are met with some reserve."""


@dataclass(frozen=True)
class Subject:
    """What a request is about: all that is needed to read and keep its answer in any process.

    `kind` names the question, `judge` under whose name answers are kept, `pairs` is how many items
    are asked about, `context` is JSON: what the keys of the answer stand for, and its check number.
    """

    kind: str
    judge: str
    pairs: int
    context: Mapping[str, Any]

    @property
    def claim(self) -> str:
        """What must not be asked for by two at once."""
        return claim_name(self.judge, self.context.get("person") or self.context["about"])


@dataclass(frozen=True)
class ChatRequest(Subject):
    """What is sent.

    `system` is the same for every request of a kind, and `user` begins with the person, so that a
    server's prefix cache serves all requests about one person. `answer_tokens` caps the answer;
    `attempt` counts from 1. `probabilities`: it is read from those of its tokens.
    """

    system: str
    user: str
    schema: Mapping[str, Any]
    answer_tokens: int
    attempt: int = 1
    probabilities: bool = False

    def digest(self, model: str) -> str:
        """Hash of everything that reaches the model."""
        sent = [model, self.system, self.user, self.schema, self.answer_tokens]
        return hashlib.sha256(json.dumps(sent).encode()).hexdigest()

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
    """How a request ended; `text` is only ever there when the outcome is `answered`.

    `tokens`: the text's, with their probabilities, where these are given.
    """

    outcome: Outcome
    text: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    tokens: tuple[Token, ...] = ()


def claim_name(judge: str, about: str) -> str:
    """The name under which one asker claims a person, a text or a list."""
    return f"{judge} {about}"
