"""Putting one person's items in order, a window at a time, from the bottom of the list to the top.

As in RankGPT (Sun et al. 2023): each window overlaps the next, so that what fits best travels up.
A plain state machine, like `judging`: send `ask`, hand the reply to `take`, until there is none.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.llm.answers import read_order
from tasks.llm.judging import ALONE_AT_MOST, ASKED_AT_MOST, CHECKS, EXTRA_AT_MOST, TOKENS_AROUND
from tasks.llm.prompts import prompt
from tasks.llm.requests import ChatRequest, Reply

TOKENS_PER_KEY, TOKENS_PER_KEY_ANSWERED = 8, 4

MOST = {
    "answered": ASKED_AT_MOST,
    "length": ALONE_AT_MOST,
    "refusal": ALONE_AT_MOST,
    "filtered": ALONE_AT_MOST,
}
"""Times a window is asked for, by the outcome that brought no order; all others end it."""


@dataclass(frozen=True)
class ListAsk:
    """The request for one window, and the how-many-th it is."""

    request: ChatRequest
    keys: tuple[str, ...]
    check: float
    attempt: int


class ListJob:
    """The order of `items` (their lines as shown, in base order) for one person.

    A window without a valid order stays as it is. `judged`: positions of items that stood in a
    window which has one. `left`, `suspected`: windows without, and those among them whose check
    number changed.
    """

    def __init__(self, person: str, items: Sequence[str], window: int, stride: int) -> None:
        self.person, self.items = person, items
        self.order = list(range(len(items)))
        self.judged: set[int] = set()
        self.left = self.suspected = 0
        self._spans = _spans(len(items), window, stride)
        self._attempt, self._extra = 1, EXTRA_AT_MOST

    @property
    def settled(self) -> int:
        """Items that no window to come can move."""
        return len(self.items) - (self._spans[0][1] if self._spans else 0)

    def question(self) -> str | None:
        """Person and window as they would be shown: what an order is an answer to."""
        return "\n".join([self.person, *self._lines()]) if self._spans else None

    def asks(self) -> list[ListAsk]:
        """A request for each window to come, as if those below it stayed as they are."""
        return [self._ask(span) for span in self._spans]

    def ask(self) -> ListAsk:
        """The request for the window at hand."""
        return self._ask(self._spans[0])

    def take(self, ask: ListAsk, reply: Reply) -> str | None:
        """Apply the order of a reply and give it as it is kept; else ask again, or pass on."""
        said = read_order(reply.text, ask.keys, ask.check)
        if reply.outcome == "answered" and said.keys is not None:
            kept = " ".join(said.keys)
            self.apply(kept)
            return kept
        if ask.attempt < MOST.get(reply.outcome, 0) and self._extra:
            self._extra -= 1
            self._attempt += 1
        else:
            self.left += 1
            self.suspected += not said.canary
            self._next()
        return None

    def apply(self, kept: str) -> None:
        """Put the window at hand in a known order, and move on to the next."""
        start, end = self._spans[0]
        shown = self.order[start:end]
        self.judged.update(shown)
        self.order[start:end] = [shown[int(key) - 1] for key in kept.split()]
        self._next()

    def similarities(self) -> list[float | None]:
        """Per item its place, linear from 1.0 (first) to -1.0 (last); None for what is not judged.

        An only item is neither: 0.0.
        """
        steps = max(len(self.order) - 1, 1)
        first = 1.0 if len(self.order) > 1 else 0.0
        place = {item: first - 2.0 * n / steps for n, item in enumerate(self.order)}
        known = self.judged if len(self.order) > 1 else set(self.order)
        return [place[n] if n in known else None for n in range(len(self.items))]

    def _next(self) -> None:
        self._spans, self._attempt = self._spans[1:], 1

    def _lines(self) -> list[str]:
        start, end = self._spans[0]
        return [self.items[n] for n in self.order[start:end]]

    def _ask(self, span: tuple[int, int]) -> ListAsk:
        lines = [self.items[n] for n in self.order[slice(*span)]]
        keys = tuple(f"{number:02d}" for number in range(1, len(lines) + 1))
        drawn = hashlib.sha256("\n".join([self.person, *lines]).encode()).hexdigest()
        check = CHECKS[(int(drawn, 16) + self._attempt) % len(CHECKS)]
        shown = [f'<item key="{k}">{line}</item>' for k, line in zip(keys, lines, strict=True)]
        instructions = prompt("list")
        request = ChatRequest(
            kind="list",
            prompt_version=instructions.version,
            system=instructions.text,
            user="\n".join([self.person, f'<items check="{check}">', *shown, "</items>"]),
            schema=list_schema(keys),
            answer_tokens=TOKENS_PER_KEY * len(keys) + TOKENS_AROUND,
            pairs=len(keys),
        )
        return ListAsk(request, keys, check, self._attempt)


def list_schema(keys: tuple[str, ...]) -> dict[str, Any]:
    """JSON schema of an order; that no key comes twice is checked when it is read."""
    order = {
        "type": "array",
        "items": {"type": "string", "enum": list(keys)},
        "minItems": len(keys),
        "maxItems": len(keys),
    }
    return {
        "type": "object",
        "properties": {"check": {"type": "number"}, "order": order},
        "required": ["check", "order"],
        "additionalProperties": False,
    }


def _spans(count: int, window: int, stride: int) -> list[tuple[int, int]]:
    """Windows from the bottom up; the topmost starts at 0. None for fewer than two items."""
    spans, end = [], count
    while end > 0 and count > 1:
        start = max(end - window, 0)
        spans.append((start, end))
        end = end - stride if start else 0
    return spans
