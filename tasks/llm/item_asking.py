"""Asking about one person's items: which requests, what counts of the answers, what is asked again.

The same for requests that are sent live and in batches: look up what the ledger has, send what is
pending, hand each reply to `take`, until nothing is pending.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic

from tasks.llm.answers import V, title_print
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.questions import Question
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Reply, claim_name

CHECKS = [sign * n / 100 for sign in (1, -1) for n in range(11, 99) if n % 5]
"""Check numbers: none that could be a score, so that "score all 1.0" never names one."""

ASKED_AT_MOST = 4
"""Times an item is asked for when its answer is missing or invalid: PAPER.md's three retries."""

ALONE_AT_MOST = 2
"""Times a single item is asked for after a refusal or a changed check number."""

EXTRA_AT_MOST = 10
"""Requests beyond the first round, per person: what a model that never answers well can cost."""

Settled = Callable[[int], None]
"""Called with how many more scores or texts are there, or given up."""


@dataclass(frozen=True)
class PersonItems:
    """A person and items as the model is shown them: block, lines and, for sentences, titles."""

    block: str
    lines: Sequence[str]
    titles: Sequence[str] = ()


class ItemsAsking(Generic[V]):
    """A question about each of a person's items; items are known by the hash the ledger has.

    `values` is what the model said. `left` are items given up (nothing is made up), `suspected`
    those of them whose text made the model answer otherwise than it was instructed.
    """

    def __init__(
        self,
        question: Question[V],
        judge: str,
        asked: PersonItems,
        per_request: Callable[[], int],
        settled: Settled,
    ) -> None:
        self.question, self.judge = question, judge
        self.person = fingerprint(asked.block)
        self.claim = claim_name(judge, self.person)
        self.values: dict[str, V] = {}
        self.left: set[str] = set()
        self.suspected: set[str] = set()
        self._block, self._per_request, self._settled = asked.block, per_request, settled
        self._items = [self._key(line) for line in asked.lines]
        self._lines = dict(zip(self._items, asked.lines, strict=True))
        titles = zip(self._items, asked.titles, strict=True) if asked.titles else ()
        self._titles = {item: title_print(title) for item, title in titles}
        self._extra = EXTRA_AT_MOST
        self._waiting: list[ChatRequest] | None = None

    async def next(self, ledger: Ledger) -> list[ChatRequest]:
        """The requests to send now, without what the ledger has; none when all is asked."""
        if self._waiting is None:
            await self.look_up(ledger)
        return self.pending()

    async def look_up(self, ledger: Ledger) -> None:
        """Take what the ledger has."""
        keeps, judge, person = self.question.keeps, self.judge, self.person
        self.values |= await ledger.values_of(keeps, judge, person, self._items)
        missing = [item for item in self._lines if item not in self.values]
        self._settled(len(self._items) - len(missing))

    def pending(self) -> list[ChatRequest]:
        """What is to be sent now; each is handed out once."""
        if self._waiting is None:
            missing = [item for item in self._lines if item not in self.values]
            self._waiting = self._groups(missing, attempt=1)
        requests, self._waiting = self._waiting, []
        return requests

    def take(self, request: ChatRequest, reply: Reply) -> dict[str, V]:
        """Keep what a reply validly says and give it; the rest is asked again, or given up."""
        given_up = len(self.left)
        fresh = self._read(request, reply)
        self._settled(len(fresh) + len(self.left) - given_up)
        return fresh

    def answers(self) -> list[V | None]:
        """One per item line; None where the model gave none."""
        return [self.values.get(item) for item in self._items]

    def _key(self, line: str) -> str:
        """A sentence is about a person and an item, so that both stand behind its key."""
        by_person = self.question.keeps == "scores"
        return fingerprint(line if by_person else f"{self._block}\n{line}")

    def _read(self, request: ChatRequest, reply: Reply) -> dict[str, V]:
        items, attempt = list(request.context["items"].values()), request.attempt
        if reply.outcome == "gave_up":
            self.left.update(items)
            return {}
        if reply.outcome == "unanswered":
            again = attempt + 1 if attempt < ASKED_AT_MOST else None
            self._again([items], again, free=True)
            return {}
        if reply.outcome != "answered":
            self._split(items, attempt, free=reply.outcome == "too_long")
            return {}
        answer = self.question.read(reply, request.context)
        self.values |= answer.values
        rest = [item for item in items if item not in answer.values]
        if not answer.canary:
            self._split(rest, attempt)
            if len(items) == 1:
                self.suspected.update(self.left.intersection(items))
        elif rest:
            self._again([rest], attempt + 1 if attempt < ASKED_AT_MOST else None)
        return answer.values

    def _split(self, items: list[str], attempt: int, *, free: bool = False) -> None:
        """Ask for the halves, so that one item cannot keep the others from their answers.

        What is refused for its length is `free`: it costs nothing, and ends at one item.
        """
        middle = len(items) // 2
        if middle:
            self._again([items[:middle], items[middle:]], attempt, free=free)
        else:
            alone = attempt + 1 if attempt < ALONE_AT_MOST and not free else None
            self._again([items], alone)

    def _again(self, groups: list[list[str]], attempt: int | None, *, free: bool = False) -> None:
        cost = 0 if free else len(groups)
        if attempt is None or self._extra < cost:
            self.left.update(item for group in groups for item in group)
            return
        self._extra -= cost
        requests = (request for group in groups for request in self._groups(group, attempt))
        self._waiting = [*(self._waiting or ()), *requests]

    def _groups(self, items: Sequence[str], attempt: int) -> list[ChatRequest]:
        """Requests of nearly equal size.

        The order is shuffled by a seed made of person, item and attempt: no item gains by its
        place, and a repeated question is not the same question.
        """
        if not items:
            return []
        shuffled = sorted(items, key=lambda i: _draw(self._block, self._lines[i], attempt))
        count = -(-len(shuffled) // self._per_request())
        return [self._request(shuffled[start::count], attempt) for start in range(count)]

    def _request(self, group: list[str], attempt: int) -> ChatRequest:
        keys = {f"{number:02d}": item for number, item in enumerate(group, start=1)}
        shown = "" if self.question.probabilities else sorted(self._lines[i] for i in group)
        check = check_number(_draw(self._block, "\n".join(shown), 0), attempt)
        context = {"person": self.person, "items": keys, "check": check}
        if self._titles:
            context["titles"] = {key: self._titles[item] for key, item in keys.items()}
        user = items_shown(
            self._block, check, ((key, self._lines[item]) for key, item in keys.items())
        )
        return self.question.request(self.judge, user, context, list(keys), len(keys), attempt)


def items_shown(block: str, check: float, lines: Iterable[tuple[str, str]]) -> str:
    """What a model is shown of a person and (key, line) of their items."""
    items = [f'<item key="{key}">{line}</item>' for key, line in lines]
    return "\n".join([block, f'<items check="{check}">', *items, "</items>"])


def check_number(drawn: str, attempt: int) -> float:
    """The check number of a request, by a hexadecimal hash of what it shows."""
    return CHECKS[(int(drawn, 16) + attempt) % len(CHECKS)]


def _draw(person: str, text: str, attempt: int) -> str:
    return hashlib.sha256(f"{attempt}\n{person}\n{text}".encode()).hexdigest()
