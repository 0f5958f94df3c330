"""Something wanted of each of a person's items, and what the ledger has of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic

from tasks.llm.answers import V
from tasks.llm.judges import judge_name, score_kind
from tasks.llm.judging import Ask, ItemsJob, ScoreJob
from tasks.llm.ledger.database import Change
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import Reply
from tasks.llm.sentences import sentences_of, title_print
from tasks.llm.ways import way_of
from tasks.llm.work import Line, Sizes


class ItemsWork(ABC, Generic[V]):
    """What is wanted of item lines for a person's block; `answers()` gives what was found."""

    judge: str
    whose: str

    def __init__(
        self, sizes: Sizes, block: str, lines: Sequence[str], settled: Callable[[int], None]
    ) -> None:
        self.whose = fingerprint(block)
        self.name = f"{self.judge} {self.whose}"
        self._block, self._lines, self._sizes = block, lines, sizes
        self._hashes = [self._hash(line) for line in lines]
        self._settled = settled
        self._known: dict[str, V] = {}
        self._keys: list[str] = []
        self._job = self._start([])

    async def look_up(self, ledger: Ledger) -> None:
        """Take what the ledger has, and prepare to ask for the rest."""
        self._known = await self._kept(ledger)
        pairs = zip(self._hashes, self._lines, strict=True)
        missing = {item: line for item, line in pairs if item not in self._known}
        self._keys = list(missing)
        self._job = self._start(list(missing.values()))
        self._settled(len(self._hashes) - len(missing))

    def lines(self, ledger: Ledger) -> list[Line]:
        """The requests to send now."""
        return [self._line(ask, ledger) for ask in self._job.pending()]

    @property
    def suspected(self) -> int:
        """Items whose text made the model answer otherwise than it was told."""
        return len(self._job.suspected)

    def answers(self) -> list[V | None]:
        """One per item line; None where the model gave none."""
        fresh = {self._keys[place]: said for place, said in self._job.found.items()}
        found = self._known | fresh
        return [found.get(item) for item in self._hashes]

    @abstractmethod
    def _start(self, lines: Sequence[str]) -> ItemsJob[V]:
        """The job of asking about these lines."""

    @abstractmethod
    async def _kept(self, ledger: Ledger) -> dict[str, V]:
        """What the ledger has, by item."""

    @abstractmethod
    def _keep(self, ledger: Ledger, request_id: str, found: Mapping[str, V]) -> Sequence[Change]:
        """What an answer says by item, as a change to commit."""

    @abstractmethod
    def _context(self, ask: Ask) -> Mapping[str, Any]:
        """What is needed to read the answer, beside what the keys stand for and the check."""

    def _hash(self, line: str) -> str:
        """What the ledger knows an item by."""
        return fingerprint(line)

    def _line(self, ask: Ask, ledger: Ledger) -> Line:
        members = {key: self._keys[place] for key, place in ask.members.items()}
        told = {"person": self.whose, "items": members, "check": ask.check}
        context = {**told, **self._context(ask)}
        return Line(ask.request, self.judge, partial(self._digest, ledger, ask), context)

    def _digest(self, ledger: Ledger, ask: Ask, request_id: str, reply: Reply) -> Sequence[Change]:
        given_up = len(self._job.left)
        fresh = self._job.take(ask, reply)
        self._settled(len(fresh) + len(self._job.left) - given_up)
        return self._keep(ledger, request_id, {self._keys[n]: said for n, said in fresh.items()})


class ScoreWork(ItemsWork[float]):
    """Scores of items, by the way that the settings name."""

    def __init__(
        self, sizes: Sizes, block: str, lines: Sequence[str], settled: Callable[[int], None]
    ) -> None:
        self._way = way_of(sizes.options)
        self.judge = judge_name(score_kind(sizes.options), sizes.options)
        super().__init__(sizes, block, lines, settled)

    def _start(self, lines: Sequence[str]) -> ScoreJob:
        return ScoreJob(self._block, lines, self._sizes.items_per_request, self._way)

    async def _kept(self, ledger: Ledger) -> dict[str, float]:
        return await ledger.scores_of(self.judge, self.whose, self._hashes)

    def _keep(
        self, ledger: Ledger, request_id: str, found: Mapping[str, float]
    ) -> Sequence[Change]:
        return ledger.keep_scores(request_id, self.judge, self.whose, found)

    def _context(self, _ask: Ask) -> Mapping[str, Any]:
        return {"kind": self._way.kind}


class WhyWork(ItemsWork[str]):
    """A sentence for each item of a list; `titles` are the items', which answers must name."""

    def __init__(
        self,
        sizes: Sizes,
        block: str,
        lines: Sequence[str],
        titles: Sequence[str],
        settled: Callable[[int], None],
    ) -> None:
        self.judge = judge_name("explain", sizes.options)
        prints = (title_print(title) for title in titles)
        self._prints = dict(zip(lines, prints, strict=True))
        self._asked: list[str] = []
        super().__init__(sizes, block, lines, settled)

    def _start(self, lines: Sequence[str]) -> ItemsJob[str]:
        self._asked = [self._prints[line] for line in lines]
        way = sentences_of(self._asked)
        return ItemsJob(self._block, lines, self._sizes.items_per_request, way)

    async def _kept(self, ledger: Ledger) -> dict[str, str]:
        return await ledger.texts_about(self.judge, self._hashes)

    def _keep(self, ledger: Ledger, request_id: str, found: Mapping[str, str]) -> Sequence[Change]:
        return ledger.keep_texts(request_id, self.judge, found)

    def _context(self, ask: Ask) -> Mapping[str, Any]:
        return {"titles": {key: self._asked[place] for key, place in ask.members.items()}}

    def _hash(self, line: str) -> str:
        """A sentence is about a person and an item, so that both stand behind its key."""
        return fingerprint(f"{self._block}\n{line}")
