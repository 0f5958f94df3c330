"""Putting one person's items in order, a window at a time, from the bottom of the list to the top.

As in RankGPT (Sun et al. 2023): each window overlaps the next, so that what fits best travels up.
A window's answer is kept under the person and the items shown, in their order: with another
profile, item text, window or order below it is another question, while a list of which only the
bottom has changed is asked about only as far up as that matters.
"""

import hashlib

from tasks.llm.item_asking import (
    ALONE_AT_MOST,
    ASKED_AT_MOST,
    EXTRA_AT_MOST,
    PersonItems,
    Settled,
    check_number,
    items_shown,
)
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.questions import LIST, read_reply
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Reply, claim_name

MOST = {
    "answered": ASKED_AT_MOST,
    "length": ALONE_AT_MOST,
    "refusal": ALONE_AT_MOST,
    "filtered": ALONE_AT_MOST,
}
"""Times a window is asked for, by the outcome that brought no order; all others end it."""


class ListAsking:
    """The order of a person's items, which come in base order.

    A window without a valid order stays as it is. `ordered`: positions of items that stood in a
    window which has one. `left`, `suspected`: windows without, and those among them whose check
    number changed.
    """

    def __init__(
        self, judge: str, asked: PersonItems, window: int, stride: int, settled: Settled
    ) -> None:
        self.judge, self.claim = judge, claim_name(judge, fingerprint(asked.block))
        self.order = list(range(len(asked.lines)))
        self.ordered: set[int] = set()
        self.left = self.suspected = 0
        self._block, self._lines = asked.block, asked.lines
        self._spans = _spans(len(asked.lines), window, stride)
        self._attempt, self._extra = 1, EXTRA_AT_MOST
        self._settled, self._reported = settled, 0

    async def next(self, ledger: Ledger) -> list[ChatRequest]:
        """The request for the first window that the ledger does not know; none when all are done.

        One at a time: a window holds what the one below sent up.
        """
        while self._spans:
            about = self._about(self._spans[0])
            order = (await ledger.texts_about(self.judge, [about])).get(about)
            if order is None:
                return [self._request(self._spans[0])]
            self.apply(order)
        self._report()
        return []

    def pending(self) -> list[ChatRequest]:
        """A request for each window to come, as if those below it stayed as they are."""
        return [self._request(span) for span in self._spans]

    def take(self, request: ChatRequest, reply: Reply) -> dict[str, str]:
        """Apply the order of a reply and give it as it is kept; else ask again, or pass on."""
        answer = read_reply(request, reply)
        if answer.values:
            self.apply(answer.values[request.context["about"]])
        elif request.attempt < MOST.get(reply.outcome, 0) and self._extra:
            self._extra -= 1
            self._attempt += 1
        else:
            self.left += 1
            self.suspected += not answer.canary
            self._next_window()
        self._report()
        return answer.values

    def apply(self, order: str) -> None:
        """Put the window at hand in a known order, and move on to the next."""
        start, end = self._spans[0]
        shown = self.order[start:end]
        self.ordered.update(shown)
        self.order[start:end] = [shown[int(key) - 1] for key in order.split()]
        self._next_window()

    @property
    def settled(self) -> int:
        """Items that no window to come can move."""
        return len(self._lines) - (self._spans[0][1] if self._spans else 0)

    def similarities(self) -> list[float | None]:
        """Per item its place, linear from 1.0 (first) to -1.0 (last); None for what is not judged.

        An only item is neither: 0.0.
        """
        steps = max(len(self.order) - 1, 1)
        first = 1.0 if len(self.order) > 1 else 0.0
        place = {item: first - 2.0 * n / steps for n, item in enumerate(self.order)}
        known = self.ordered if len(self.order) > 1 else set(self.order)
        return [place[n] if n in known else None for n in range(len(self._lines))]

    def _report(self) -> None:
        self._settled(self.settled - self._reported)
        self._reported = self.settled

    def _next_window(self) -> None:
        self._spans, self._attempt = self._spans[1:], 1

    def _window(self, span: tuple[int, int]) -> list[str]:
        return [self._lines[n] for n in self.order[slice(*span)]]

    def _about(self, span: tuple[int, int]) -> str:
        """The hash of person and window: what an order is an answer to."""
        return fingerprint("\n".join([self._block, *self._window(span)]))

    def _request(self, span: tuple[int, int]) -> ChatRequest:
        lines = self._window(span)
        keys = [f"{number:02d}" for number in range(1, len(lines) + 1)]
        drawn = hashlib.sha256("\n".join([self._block, *lines]).encode()).hexdigest()
        check = check_number(drawn, self._attempt)
        user = items_shown(self._block, check, zip(keys, lines, strict=True))
        context = {"about": self._about(span), "keys": keys, "check": check}
        return LIST.request(self.judge, user, context, keys, len(keys), self._attempt)


def _spans(count: int, window: int, stride: int) -> list[tuple[int, int]]:
    """Windows from the bottom up; the topmost starts at 0. None for fewer than two items."""
    spans, end = [], count
    while end > 0 and count > 1:
        start = max(end - window, 0)
        spans.append((start, end))
        end = end - stride if start else 0
    return spans
