"""What is wanted of the model and what the ledger has of it: one person's scores, or one text.

The same for requests that are sent live and in batches: look up, send the `lines`, hand each reply
to its line's digest, until no lines are left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from tasks.llm.judges import judge_name, score_kind
from tasks.llm.judging import Ask, ScoreJob
from tasks.llm.ledger.database import Change
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.prompts import Kind
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Reply
from tasks.llm.shapes import read_shaped
from tasks.llm.ways import WAYS, way_of
from tasks.llm.writing import TextAsk, TextJob
from tasks.llm_options import EngineOptions, LlmOptions

Digest = Callable[[str, Reply], Sequence[Change]]
"""Given a request's id and reply: what the ledger keeps of it, in the same commit."""


@dataclass(frozen=True)
class Line:
    """One request to send. `context` is what is needed to read its answer in another process."""

    request: ChatRequest
    judge: str
    digest: Digest
    context: Mapping[str, Any]


class Sizes(Protocol):
    """What the engine knows of requests: the settings, and how many items turned out to fit."""

    options: EngineOptions
    items_per_request: int


class Work(Protocol):
    """Something wanted of the model."""

    name: str
    """What must not be asked for by two at once."""

    async def look_up(self, ledger: Ledger) -> None:
        """Take what the ledger has."""
        ...

    def lines(self, ledger: Ledger) -> list[Line]:
        """The requests to send now; none when there is nothing left to ask."""
        ...


class ScoreWork:
    """Scores of item lines for a person's block; `scores()` gives what was found."""

    def __init__(
        self, sizes: Sizes, block: str, lines: Sequence[str], settled: Callable[[int], None]
    ) -> None:
        self._way, kind = way_of(sizes.options), score_kind(sizes.options)
        self.judge, self.whose = judge_name(kind, sizes.options), fingerprint(block)
        self.name = f"{self.judge} {self.whose}"
        self._block, self._lines, self._sizes = block, lines, sizes
        self._hashes = [fingerprint(line) for line in lines]
        self._settled = settled
        self._known: dict[str, float] = {}
        self._keys: list[str] = []
        self._job = self._start([])

    async def look_up(self, ledger: Ledger) -> None:
        """Take the scores that the ledger has, and prepare to ask for the rest."""
        self._known = await ledger.scores_of(self.judge, self.whose, self._hashes)
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

    def scores(self) -> list[float | None]:
        """One per item line; None where the model gave none."""
        fresh = {self._keys[place]: score for place, score in self._job.scores.items()}
        found = self._known | fresh
        return [found.get(item) for item in self._hashes]

    def _start(self, lines: Sequence[str]) -> ScoreJob:
        return ScoreJob(self._block, lines, self._sizes.items_per_request, self._way)

    def _line(self, ask: Ask, ledger: Ledger) -> Line:
        members = {key: self._keys[place] for key, place in ask.members.items()}
        told = {"person": self.whose, "items": members, "check": ask.check}
        context = told | {"kind": self._way.kind}
        return Line(ask.request, self.judge, partial(self._digest, ledger, ask), context)

    def _digest(self, ledger: Ledger, ask: Ask, request_id: str, reply: Reply) -> Sequence[Change]:
        given_up = len(self._job.unscored)
        fresh = self._job.take(ask, reply)
        self._settled(len(fresh) + len(self._job.unscored) - given_up)
        found = {self._keys[place]: score for place, score in fresh.items()}
        return ledger.keep_scores(request_id, self.judge, self.whose, found)


class TextWork:
    """One text about a block, one of the `allowed` words where these are given."""

    def __init__(
        self,
        options: LlmOptions,
        kind: Kind,
        block: str,
        allowed: Sequence[str] | None,
        settled: Callable[[int], None],
    ) -> None:
        self.judge, self.about = judge_name(kind, options), fingerprint(block)
        self.name = f"{self.judge} {self.about}"
        self._kind, self._allowed, self._settled = kind, allowed, settled
        self._job = TextJob(kind, block, allowed)
        self._known: str | None = None

    async def look_up(self, ledger: Ledger) -> None:
        """Take the text if the ledger has it."""
        self._known = (await ledger.texts_about(self.judge, [self.about])).get(self.about)
        if self._known is not None:
            self._settled(1)

    def lines(self, ledger: Ledger) -> list[Line]:
        """The request to send now, if there is no text yet."""
        return (
            [] if self._known is not None else [self._line(a, ledger) for a in self._job.pending()]
        )

    def text(self) -> str | None:
        """The text; None where the model gave none."""
        return self._known if self._known is not None else self._job.text

    def _line(self, ask: TextAsk, ledger: Ledger) -> Line:
        context = {"about": self.about, "allowed": self._allowed, "kind": self._kind}
        return Line(ask.request, self.judge, partial(self._digest, ledger, ask), context)

    def _digest(
        self, ledger: Ledger, ask: TextAsk, request_id: str, reply: Reply
    ) -> Sequence[Change]:
        text = self._job.take(ask, reply)
        self._settled(int(text is not None or self._job.given_up))
        return [] if text is None else ledger.keep_text(request_id, self.judge, self.about, text)


def digest_alone(
    ledger: Ledger, request_id: str, judge: str, context: Mapping[str, Any], reply: Reply
) -> Sequence[Change]:
    """What a reply holds, read with the context that its line was sent with.

    Batches made before there were kinds to tell apart say none.
    """
    if reply.outcome != "answered":
        return []
    if "items" in context:
        items = context["items"]
        way = WAYS[context.get("kind", "score")]
        said = way.read(reply.text, items, context["check"]).scores
        found = {items[key]: score for key, score in said.items()}
        return ledger.keep_scores(request_id, judge, context["person"], found)
    text = read_shaped(context.get("kind", "profile"), reply.text, context["allowed"])
    return ledger.keep_text(request_id, judge, context["about"], text) if text else []
