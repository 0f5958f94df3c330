"""Asking in batches: half the price, an answer within a day, and no batch ever made twice.

A batch is on disk before it is made at the server, its file's id before the batch is created and
its own id before it is looked at. Whatever is killed in between, the next command finds the batch,
at the server if need be, and reads its answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from functools import partial
from typing import Any, TypeVar

from openai import NotFoundError, OpenAIError
from openai.types import Batch

from tasks.core.errors import LimitReachedError, LlmSetupError
from tasks.core.progress import say
from tasks.llm.batch_files import ENDPOINT, read_lines, split, write_line
from tasks.llm.budget import NOTHING_HELD, Reserved
from tasks.llm.engine import Engine, Take
from tasks.llm.failures import Failure, classify, setup_error
from tasks.llm.ledger.batches import BatchLedger, OpenBatch
from tasks.llm.pacing import backoff_ceiling
from tasks.llm.questions import read_reply
from tasks.llm.requests import ChatRequest, Reply

MARK = "palate"
"""Metadata key under which a batch at the server carries the ledger's own id of it."""

UNREADABLE = (OpenAIError, TimeoutError, ValueError, AttributeError)
"""What a call raises that got no answer; the last is openai's own stumble over a web page."""

ENDED = {"completed", "expired", "failed", "cancelled"}
A_DAY = 86_400.0
ANOTHERS_POLL = 5.0

T = TypeVar("T")


class Batches:
    """Makes batches of requests, waits for them and reads them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._api = engine.client.openai
        self._ledger = BatchLedger(engine.ledger)
        self._held: dict[str, Reserved] = {}
        self._takes: dict[str, Callable[[Reply], Mapping[str, Any]]] = {}

    async def ask(self, sent: Sequence[tuple[ChatRequest, Take]]) -> None:
        """One round: every request gets its answer, or an outcome that says why it has none."""
        held, limit = await self._within_limits([request for request, _ in sent])
        affordable, body = sent[: len(held)], self._engine.client.body
        made = []
        for part in split([request for request, _ in affordable], body):
            batch = await self._ledger.begin([r for r, _ in affordable[part]], self._engine.model)
            self._held |= dict(zip(batch.subjects, held[part], strict=True))
            lines = dict(zip(batch.subjects, affordable[part], strict=True))
            self._takes |= {i: partial(take, request) for i, (request, take) in lines.items()}
            content = b"".join(write_line(i, body(request)) for i, (request, _) in lines.items())
            await self._upload(batch, content)
            made.append((batch, await self._at_server(batch)))
        for batch, there in made:
            await self._finish(batch, there)
        if limit is not None:
            self._engine.stop(limit)
            raise limit

    async def finish_open(self, names: Set[str]) -> None:
        """Wait for the batches that a command before this one left, and keep their answers.

        Another command may have taken one up already: it is waited for if it is about `names`.
        """
        while True:
            for batch in await self._ledger.take_over():
                if batch.file_id is None:
                    await self._ledger.end(batch, "never made")
                    continue
                say(f"    an earlier batch of {len(batch.subjects):,} requests is taken up again")
                await self._finish(batch, await self._at_server(batch))
            if not await self._ledger.held_elsewhere(names):
                return
            self._engine.refuse_when_stopped()
            await self._engine.nap(min(self._engine.options.llm_batch_poll, ANOTHERS_POLL))

    async def _within_limits(
        self, sent: Sequence[ChatRequest]
    ) -> tuple[list[Reserved], LimitReachedError | None]:
        """What is held for the first of the requests, and the limit that the next would pass."""
        budget, held = self._engine.shared_budget, list[Reserved]()
        for request in sent:
            try:
                held.append(await budget.reserve(request, budget.budget.batch_share))
            except LimitReachedError as limit:
                return held, limit
        return held, None

    async def _upload(self, batch: OpenBatch, content: bytes) -> None:
        named = ("palate.jsonl", content)
        file = await self._call(self._api.files.create, file=named, purpose="batch")
        await self._ledger.has_file(batch, file.id)

    async def _at_server(self, batch: OpenBatch) -> Batch:
        """The batch at the server: by its id, or found by its mark, or created now.

        A creation whose answer is lost may have happened: it is looked for before another try.
        """
        if batch.batch_id is not None:
            return await self._call(self._api.batches.retrieve, batch.batch_id)
        failures, since = 0, self._engine.clock.now()
        while (made := await self._call(self._find, batch)) is None:
            made = await self._create(batch, since)
            if made is not None:
                break
            failures += 1
            await self._engine.nap(backoff_ceiling(failures))
        await self._ledger.is_made(batch, made.id)
        return made

    async def _find(self, batch: OpenBatch) -> Batch | None:
        async for made in self._api.batches.list(limit=100):
            if (made.metadata or {}).get(MARK) == batch.id:
                return made
            if made.created_at < batch.created_at - A_DAY:
                return None
        return None

    async def _create(self, batch: OpenBatch, since: float) -> Batch | None:
        """None when it is not known whether it was created."""
        self._engine.refuse_when_stopped()
        try:
            made = await self._api.batches.create(
                input_file_id=batch.file_id or "",
                endpoint=ENDPOINT,
                completion_window="24h",
                metadata={MARK: batch.id},
            )
            made.id  # noqa: B018 - a web page has none
        except UNREADABLE as error:
            self._missed(error, since)
            return None
        self._engine.heard()
        return made

    async def _finish(self, batch: OpenBatch, made: Batch) -> None:
        """Wait for its end, and join its answers to the ledger."""
        while made.status not in ENDED:
            if made.request_counts:
                done, total = made.request_counts.completed, made.request_counts.total
                say(f"    batch {made.status}: {done:,} of {total:,} answered")
            await self._engine.nap(self._engine.options.llm_batch_poll)
            made = await self._call(self._api.batches.retrieve, made.id)
        await self._read(batch, made)
        await self._ledger.end(batch, made.status)
        if made.status == "failed":
            self._engine.stop(_failed(made))
        self._engine.refuse_when_stopped()

    async def _read(self, batch: OpenBatch, made: Batch) -> None:
        """Join output and error file on custom_id; what is in neither was not answered."""
        replies: dict[str, Reply] = {}
        for file_id in filter(None, (made.output_file_id, made.error_file_id)):
            replies |= await self._call(self._answers, file_id)
        nothing = Reply("unanswered", finish_reason=made.status)
        kept = (self._keep(batch, i, replies.get(i, nothing)) for i in batch.subjects)
        await asyncio.gather(*kept)
        for reason in {reply.finish_reason for reply in replies.values()}:
            self._engine.client.learn(reason)
            error = setup_error(reason)
            if error is not None:
                self._engine.stop(error)

    async def _answers(self, file_id: str) -> dict[str, Reply]:
        content = (await self._api.files.content(file_id)).text
        replies = read_lines(content)
        if content.strip() and not replies:
            raise ValueError("not a batch's file")
        return replies

    async def _keep(self, batch: OpenBatch, request_id: str, reply: Reply) -> None:
        budget, subject = self._engine.budget, batch.subjects[request_id]
        held = self._held.pop(request_id, NOTHING_HELD)
        if reply.usage.prompt:
            cost = budget.settle(held, subject.pairs, reply.usage, budget.batch_share)
        else:
            cost = None
            budget.release(held, perhaps_billed=False)
        take = self._takes.pop(request_id, None)
        values = take(reply) if take else read_reply(subject, reply).values
        reply = self._engine.judged(subject, reply, values)
        kept = self._engine.ledger.keep(request_id, subject, values)
        answers = [*kept, *self._engine.shared_budget.changes()]
        await self._engine.ledger.finish(request_id, reply, cost=cost, answers=answers)

    async def _call(self, call: Callable[..., Awaitable[T]], *given: object, **named: object) -> T:
        """Call the API until it answers; what fails for good, or for too long, stops the engine."""
        failures, since = 0, self._engine.clock.now()
        while True:
            self._engine.refuse_when_stopped()
            try:
                answer = await call(*given, **named)
                if isinstance(answer, str):
                    raise ValueError("a web page")
            except UNREADABLE as error:
                failure = self._missed(error, since)
            else:
                self._engine.heard()
                return answer
            failures += 1
            await self._engine.nap(failure.retry_after or backoff_ceiling(failures))

    def _missed(self, error: Exception, since: float) -> Failure:
        """Count a call without an answer; one that is refused for good stops the engine."""
        failure = classify(ValueError() if isinstance(error, AttributeError) else error)
        if isinstance(error, NotFoundError):
            failure = Failure("stop", failure.why, error=_not_there())
        elif failure.remedy not in {"again", "stop"}:
            what = f"The server refused a call of its batch API ({failure.why})."
            fix = "Check that it has one; --scorer llm asks live. The same command carries on."
            self._engine.stop(LlmSetupError(what, fix))
        if failure.remedy == "stop":
            self._engine.stop(failure.error)
        self._engine.check_patience(since, failure)
        return failure


def _not_there() -> LlmSetupError:
    return LlmSetupError(
        "The server does not know its batch API, or a batch that the ledger has open there.",
        "Check --llm-base-url: a batch is read at the server that it was made at. One that was"
        " deleted there is forgotten 30 days after it was made.",
    )


def _failed(made: Batch) -> LlmSetupError:
    codes = {str(error.code) for error in (made.errors.data or [])} if made.errors else set()
    return LlmSetupError(
        f"The server refused batch {made.id} ({', '.join(sorted(codes)) or 'no reason given'}).",
        "Look at it at the provider; nothing of it was charged. The same command tries again.",
    )
