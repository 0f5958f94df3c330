"""Asking about one person's items: which requests, what counts of the answers, what is asked again.

A plain state machine, so that the same rules hold for requests sent live and in batches: send what
is `pending`, hand each reply to `take`, until nothing is pending.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from tasks.llm.answers import V
from tasks.llm.prompts import prompt
from tasks.llm.requests import ChatRequest, Reply
from tasks.llm.ways import SCORES, Way

CHECKS = [sign * n / 100 for sign in (1, -1) for n in range(11, 99) if n % 5]
"""Check numbers: none that could be a score, so that "score all 1.0" never names one."""

ASKED_AT_MOST = 4
"""Times an item is asked for when its answer is missing or invalid: PAPER.md's three retries."""

ALONE_AT_MOST = 2
"""Times a single item is asked for after a refusal or a changed check number."""

EXTRA_AT_MOST = 10
"""Requests beyond the first round, per person: what a model that never answers well can cost."""

TOKENS_AROUND = 40
"""What an answer may have beside what it says of the items."""


@dataclass(frozen=True)
class Ask:
    """A request and what its keys stand for: positions in the job's items."""

    request: ChatRequest
    members: dict[str, int]
    check: float
    attempt: int


class ItemsJob(Generic[V]):
    """What a model says of `items` (their lines as shown) for one person (the block as shown).

    `found` holds what is known by position. `left` are positions given up: nothing is made up.
    """

    def __init__(self, person: str, items: Sequence[str], per_request: int, way: Way[V]) -> None:
        self.person, self.items, self.per_request, self.way = person, items, per_request, way
        self.found: dict[int, V] = {}
        self.left: set[int] = set()
        self.suspected: set[int] = set()
        self._extra = EXTRA_AT_MOST
        self._waiting = self._groups(range(len(items)), attempt=1)

    def pending(self) -> list[Ask]:
        """What is to be sent now; each is handed out once."""
        asks, self._waiting = self._waiting, []
        return asks

    def take(self, ask: Ask, reply: Reply) -> dict[int, V]:
        """Keep what a reply validly says and give it; the rest is asked again, or given up."""
        members = list(ask.members.values())
        if reply.outcome == "gave_up":
            self.left.update(members)
            return {}
        if reply.outcome == "unanswered":
            again = ask.attempt + 1 if ask.attempt < ASKED_AT_MOST else None
            self._again([members], again, free=True)
            return {}
        if reply.outcome != "answered":
            self._split(members, ask.attempt, free=reply.outcome == "too_long")
            return {}
        read = self.way.read(reply.text, ask.members, ask.check)
        fresh = {ask.members[key]: said for key, said in read.said.items()}
        self.found |= fresh
        rest = [member for member in members if member not in fresh]
        if not read.canary:
            self._split(rest, ask.attempt)
            if len(members) == 1:
                self.suspected.update(self.left.intersection(members))
        elif rest:
            self._again([rest], ask.attempt + 1 if ask.attempt < ASKED_AT_MOST else None)
        return fresh

    def _split(self, members: list[int], attempt: int, *, free: bool = False) -> None:
        """Ask for the halves, so that one item cannot keep the others from their answers.

        What is refused for its length is `free`: it costs nothing, and ends at one item.
        """
        middle = len(members) // 2
        if middle:
            self._again([members[:middle], members[middle:]], attempt, free=free)
        else:
            alone = attempt + 1 if attempt < ALONE_AT_MOST and not free else None
            self._again([members], alone)

    def _again(self, groups: list[list[int]], attempt: int | None, *, free: bool = False) -> None:
        cost = 0 if free else len(groups)
        if attempt is None or self._extra < cost:
            self.left.update(member for group in groups for member in group)
            return
        self._extra -= cost
        self._waiting += [ask for group in groups for ask in self._groups(group, attempt)]

    def _groups(self, members: Sequence[int], attempt: int) -> list[Ask]:
        """Requests of nearly equal size.

        The order is shuffled by a seed made of person, item and attempt: no item gains by its
        place, and a repeated question is not the same question.
        """
        if not members:
            return []
        shuffled = sorted(members, key=lambda m: _draw(self.person, self.items[m], attempt))
        count = -(-len(shuffled) // self.per_request)
        groups = [shuffled[start::count] for start in range(count)]
        return [self._ask(group, attempt) for group in groups]

    def _ask(self, group: list[int], attempt: int) -> Ask:
        members = {f"{number:02d}": member for number, member in enumerate(group, start=1)}
        lines = [f'<item key="{key}">{self.items[m]}</item>' for key, m in members.items()]
        drawn = int(_draw(self.person, "\n".join(sorted(self.items[m] for m in group)), 0), 16)
        check = CHECKS[(drawn + attempt) % len(CHECKS)]
        user = "\n".join([self.person, f'<items check="{check}">', *lines, "</items>"])
        instructions = prompt(self.way.kind)
        request = ChatRequest(
            kind=self.way.kind,
            prompt_version=instructions.version,
            system=instructions.text,
            user=user,
            schema=self.way.schema(tuple(members)),
            answer_tokens=self.way.room * len(members) + TOKENS_AROUND,
            pairs=len(members),
        )
        return Ask(request, members, check, attempt)


class ScoreJob(ItemsJob[float]):
    """A score of each item."""

    def __init__(
        self, person: str, items: Sequence[str], per_request: int, way: Way[float] = SCORES
    ) -> None:
        super().__init__(person, items, per_request, way)


def _draw(person: str, text: str, attempt: int) -> str:
    return hashlib.sha256(f"{attempt}\n{person}\n{text}".encode()).hexdigest()
