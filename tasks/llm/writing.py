"""Asking for one short text: a taste, a description, a verdict, a choice."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.llm.prompts import Kind, prompt
from tasks.llm.requests import ChatRequest, Reply
from tasks.llm.shapes import SHAPES, read_shaped, text_schema

ASKED_AT_MOST = 3
TOO_LONG_AT_MOST = 2
"""A text that ran past its limit runs past it again, most often."""

ANSWER_TOKENS, ANSWER_TOKENS_IN_PARTS = 90, 220

MOST = {"answered": ASKED_AT_MOST, "unanswered": ASKED_AT_MOST, "length": TOO_LONG_AT_MOST}
"""Times a text is asked for, by the outcome that brought none."""


@dataclass(frozen=True)
class TextAsk:
    """A request, and the how-many-th it is for this text."""

    request: ChatRequest
    attempt: int


class TextJob:
    """One text about a `block` (as shown); with `allowed`, one of these words.

    `text` is None until there is a valid one, and stays so if the model gives none.
    """

    def __init__(self, kind: Kind, block: str, allowed: Sequence[str] | None = None) -> None:
        self.kind, self.block, self.allowed = kind, block, allowed
        self.text: str | None = None
        self.given_up = False
        self._waiting = [TextAsk(self._request(1), 1)]

    def pending(self) -> list[TextAsk]:
        """What is to be sent now; each is handed out once."""
        asks, self._waiting = self._waiting, []
        return asks

    def take(self, ask: TextAsk, reply: Reply) -> str | None:
        """Keep and give the text of a reply; without a valid one it is asked for again."""
        answered = reply.outcome == "answered"
        text = read_shaped(self.kind, reply.text, self.allowed) if answered else None
        if text:
            self.text = text
        elif ask.attempt < MOST.get(reply.outcome, 0):
            self._waiting.append(TextAsk(self._request(ask.attempt + 1), ask.attempt + 1))
        else:
            self.given_up = True
        return self.text

    def _request(self, attempt: int) -> ChatRequest:
        instructions = prompt(self.kind)
        reminder = "" if attempt == 1 else f"\nAnswer with the JSON object only ({attempt})."
        return ChatRequest(
            kind=self.kind,
            prompt_version=instructions.version,
            system=instructions.text,
            user=self.block + reminder,
            schema=text_schema(self.kind, self.allowed),
            answer_tokens=ANSWER_TOKENS_IN_PARTS if self.kind in SHAPES else ANSWER_TOKENS,
        )
