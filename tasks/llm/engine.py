"""Asking: intent, pace, send, try again, keep. The one place where a request is ever repeated."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.core.errors import LedgerError, LlmDownError, PalateError, StoppedError
from tasks.core.progress import say
from tasks.llm.budget import Budget, Reserved
from tasks.llm.client import ChatClient
from tasks.llm.failures import Failure
from tasks.llm.ledger.claims import LOOK_AGAIN_SECONDS
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.options import EngineOptions
from tasks.llm.pacing import LOOK_UP_SECONDS, Clock, Pacer, backoff_ceiling
from tasks.llm.questions import QUESTIONS
from tasks.llm.requests import ChatRequest, Outcome, Reply, Subject
from tasks.llm.shared_budget import SharedBudget
from tasks.llm.trial import NO_PROBABILITIES, NOTHING_VALID, Trial

CUT_SHARE, CUT_FROM = 0.5, 500
"""A prompt of so many tokens, of which the server counts less than this share, was cut."""

Take = Callable[[ChatRequest, Reply], Mapping[str, Any]]
"""Given a request and its reply: the values to keep, in the same commit, by what they are about."""


@dataclass
class Sending:
    """A request under way. `failures` counts those that may be worth another try."""

    request: ChatRequest
    began: float
    id: str = ""
    sends: int = 0
    failures: int = 0
    in_doubt: bool = False


class Engine:
    """Asks one model for everything that a process wants to know; for one event loop.

    Once something says that no request can succeed (a refused key, a reached limit, a full disk, a
    server away for too long), nothing more is sent, and every later question gets the same error.
    """

    def __init__(
        self,
        options: EngineOptions,
        ledger: Ledger,
        client: ChatClient,
        pacer: Pacer,
        budget: Budget,
        clock: Clock,
        seed: int = 0,
    ) -> None:
        self.options, self.ledger, self.budget = options, ledger, budget
        self.client, self.pacer, self.clock = client, pacer, clock
        self.shared_budget = SharedBudget(options, budget, ledger.database)
        self.model = options.llm_model or ""
        self.stopped: PalateError | None = None
        self._random = random.Random(seed)  # noqa: S311 - jitter
        self._silent_since: float | None = None
        self._unheard: set[str] = set()
        self._last_answer = float("-inf")
        self.items_per_request = options.llm_items
        self.trial = Trial()
        self._longest_read, self._cut_noticed = 0, False

    async def ask(self, request: ChatRequest, take: Take) -> Reply:
        """Send until there is a reply; it and what `take` reads from it are on disk on return.

        A request that alone cannot be answered gives the outcome `gave_up`. Raises LlmError when
        no request can be, LedgerError when the ledger fails.
        """
        async with self.trial.admitted():
            return await self._until_answered(Sending(request, self.clock.now()), take)

    async def _until_answered(self, sending: Sending, take: Take) -> Reply:
        request = sending.request
        answer = request.answer_tokens + self.options.llm_extra_answer_tokens
        while True:
            async with self.pacer.slot(request.tokens_expected + answer) as sent_at:
                held = await self._open(sending)
                try:
                    return await self._send(sending, held, take)
                except Failure as error:
                    failure = error
                    self.budget.release(held, perhaps_billed=failure.perhaps_billed)
                    sending.in_doubt = failure.perhaps_billed
                    if failure.crowded:
                        self.pacer.crowded(sent_at, failure.retry_after)
                    self.missed(failure, sending.id)
            ended = self._ended(sending, failure)
            if ended is not None:
                return await self._finish(sending, ended, take)
            if failure.remedy == "again" and failure.retry_after is None:
                await self.nap(self._random.uniform(0.0, backoff_ceiling(sending.failures)))

    def stop(self, error: PalateError | None = None) -> None:
        """Send nothing more; what is in flight is still kept."""
        self.stopped = (
            self.stopped
            or error
            or StoppedError(
                "Asking the language model was interrupted.",
                "Answers so far are kept: the same command carries on.",
            )
        )
        self.pacer.close()

    async def _open(self, sending: Sending) -> Reserved:
        """Hold the worst case in the budget, and commit the intent."""
        try:
            self.refuse_when_stopped()
            held = await self.shared_budget.reserve(sending.request)
        except PalateError as error:
            self.stop(error)
            await self._end_unsent(sending)
            raise
        try:
            if not sending.id:
                sending.id = await self.ledger.begin(sending.request, self.model)
            else:
                await self.ledger.begin_again(sending.id, perhaps_billed=sending.in_doubt)
        except LedgerError as error:
            self.budget.release(held, perhaps_billed=False)
            self.stop(error)
            raise
        sending.in_doubt = False
        return held

    async def _send(self, sending: Sending, held: Reserved, take: Take) -> Reply:
        sending.sends += 1
        started = self.clock.now()
        reply = await self.client.send(sending.request)
        self.heard()
        self._notice_cut(sending.request, reply)
        self.pacer.answered()
        cost = self.budget.settle(held, sending.request.pairs, reply.usage)
        latency = self.clock.now() - started
        return await self._finish(sending, reply, take, cost=cost, latency=latency)

    async def _finish(
        self,
        sending: Sending,
        reply: Reply,
        take: Take,
        cost: int | None = None,
        latency: float | None = None,
    ) -> Reply:
        values = take(sending.request, reply)
        reply = self.judged(sending.request, reply, values)
        kept = self.ledger.keep(sending.id, sending.request, values)
        try:
            await self.ledger.finish(
                sending.id,
                reply,
                cost=cost,
                latency=latency,
                perhaps_billed=sending.in_doubt,
                answers=[*kept, *self.shared_budget.changes()],
            )
        except LedgerError as error:
            self.stop(error)
            raise
        return reply

    def judged(self, subject: Subject, reply: Reply, values: Mapping[str, Any]) -> Reply:
        """The reply, marked where nothing in it was valid; too many of no use stop the engine."""
        if reply.outcome == "answered" and not values:
            question = QUESTIONS.get(subject.kind)
            lacks = question is not None and question.probabilities and not reply.tokens
            reply = replace(reply, finish_reason=NO_PROBABILITIES if lacks else NOTHING_VALID)
        if self.stopped is None:
            error = self.trial.count(reply, useful=bool(values))
            if error is not None:
                self.stop(error)
        return reply

    def _notice_cut(self, request: ChatRequest, reply: Reply) -> None:
        """Say once that the server reads less of prompts than was sent.

        By the longest prompt that it counted: some do not count what they find in their cache.
        """
        self._longest_read = max(self._longest_read, reply.usage.prompt)
        expected = request.tokens_expected
        cut = 0 < self._longest_read < expected * CUT_SHARE and expected > CUT_FROM
        if cut and not self._cut_noticed:
            self._cut_noticed = True
            say(
                f"    [red]the server cuts prompts:[/] it read {self._longest_read:,} tokens of"
                f" about {expected:,}. Give it a longer context, or set a lower --llm-items."
            )

    async def _end_unsent(self, sending: Sending) -> None:
        """Close the row of a request that was sent before and will not be sent again."""
        if sending.id and not isinstance(self.stopped, LedgerError):
            await self._finish(sending, Reply("gave_up"), lambda _request, _reply: {})

    def heard(self) -> None:
        """The server has answered something."""
        self._last_answer, self._silent_since = self.clock.now(), None
        self._unheard.clear()

    def missed(self, failure: Failure, name: str) -> None:
        """It has not; stops the engine when no request can succeed, or patience is at its end.

        `name` is that of the request: one that hangs by itself does not make a server away.
        """
        if failure.remedy == "stop":
            self.stop(failure.error)
        if failure.crowded:
            if self._silent_since is None:
                self._silent_since = self.clock.now()
            self._unheard.add(name)
            if failure.away or len(self._unheard) > 1:
                self.check_patience(self._silent_since, failure)

    def _ended(self, sending: Sending, failure: Failure) -> Reply | None:
        """The reply that a failure makes of the request, or None to try again.

        Attempts made while the server is away for everybody are not counted: the request is not
        at fault, and the user's patience ends it.
        """
        if failure.remedy == "smaller":
            half = max(1, sending.request.pairs // 2)
            self.items_per_request = min(self.items_per_request, half)
            return Reply("too_long")
        if failure.remedy == "give_up":
            outcome: Outcome = "filtered" if failure.why == "filtered" else "gave_up"
            return Reply(outcome, finish_reason=failure.why)
        if failure.remedy == "again":
            sending.failures += 1
            away = failure.away and self._last_answer < sending.began
            if sending.failures >= self.options.llm_attempts and not away:
                return Reply("gave_up", finish_reason=failure.why)
        return None

    def check_patience(self, since: float, failure: Failure) -> None:
        """Stop when the server has been away `since` longer ago than the user's patience."""
        patience = self.options.llm_patience
        silent = self.clock.now() - since
        if silent + (failure.retry_after or 0.0) > patience:
            self.stop(
                LlmDownError(
                    f"The language model has not answered for {silent:.0f} s ({failure.why}), and"
                    f" --llm-patience is {patience:.0f} s.",
                    "Check its server; the same command carries on where this one stopped.",
                )
            )

    async def claim(self, name: str) -> None:
        """Become the only one to ask for something; whoever else does is waited for."""
        while not await self.ledger.claims.take(name):
            self.refuse_when_stopped()
            await self.nap(LOOK_AGAIN_SECONDS)

    async def nap(self, seconds: float) -> None:
        """Wait, but not for a send that will not be."""
        until = self.clock.now() + seconds
        while self.stopped is None and (rest := until - self.clock.now()) > 0:
            await self.clock.sleep(min(rest, LOOK_UP_SECONDS))

    def refuse_when_stopped(self) -> None:
        """Raise what stopped the engine, if anything has."""
        if self.stopped is not None:
            raise self.stopped
