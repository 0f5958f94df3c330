"""What is wanted of the model and what the ledger has of it: here one text, in `item_work` more.

The same for requests that are sent live and in batches: look up, send the `lines`, hand each reply
to its line's digest, until no lines are left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from tasks.llm.judges import judge_name
from tasks.llm.ledger.database import Change
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.options import EngineOptions, LlmOptions
from tasks.llm.prompts import Kind
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Reply
from tasks.llm.sentences import read_sentences
from tasks.llm.shapes import read_shaped
from tasks.llm.ways import WAYS
from tasks.llm.writing import TextAsk, TextJob

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
    if "titles" in context:
        sentences = read_sentences(reply.text, context["titles"], context["check"]).said
        whys = {context["items"][key]: why for key, why in sentences.items()}
        return ledger.keep_texts(request_id, judge, whys)
    if "items" in context:
        items = context["items"]
        way = WAYS[context.get("kind", "score")]
        said = way.read(reply.text, items, context["check"]).said
        found = {items[key]: score for key, score in said.items()}
        return ledger.keep_scores(request_id, judge, context["person"], found)
    text = read_shaped(context.get("kind", "profile"), reply.text, context["allowed"])
    return ledger.keep_text(request_id, judge, context["about"], text) if text else []
