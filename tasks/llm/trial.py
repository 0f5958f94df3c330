"""Whether asking still makes sense: a model that gives nothing of use is not asked to the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tasks.core.errors import LlmSetupError
from tasks.llm.requests import Reply

AT_FIRST = 4
"""Requests in flight until the first answer of use, so that a wrong form is not sent by all."""

REFUSED_AT_MOST, UNREADABLE_AT_MOST = 5, 10
"""Requests in a row given up for one cause, or answered without anything valid."""

ONCE_PROVEN = 5
"""So many times as many in a row after the first answer of use: quick refusals overtake answers."""

NOTHING_VALID = "no valid answer"
NO_PROBABILITIES = "no token probabilities"

FIXES = {
    "length": "Give its thinking room with --llm-extra-answer-tokens (4000, say).",
    NOTHING_VALID: "Ask a model that can answer in JSON (--llm-model).",
    NO_PROBABILITIES: "Ask in numbers (--llm-ask numbers).",
    "refusal": "Ask another model (--llm-model).",
    "filtered": "Ask another model (--llm-model), or lower the provider's filter.",
}
ELSE = "Check --llm-model, --llm-base-url and the server's log; `palate doctor` asks one question."


class Trial:
    """Counts requests in a row that brought nothing, for one event loop."""

    def __init__(self) -> None:
        self._proven = False
        self._cause, self._in_a_row = "", 0
        self._inside = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Wait while nothing of use was answered yet and enough others try."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._proven or self._inside < AT_FIRST)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def count(self, reply: Reply, *, useful: bool) -> LlmSetupError | None:
        """What to stop with, if a request that ended so was one too many in a row."""
        if useful:
            self._proven, self._cause, self._in_a_row = True, "", 0
            return None
        cause = cause_of(reply)
        if not cause:
            return None
        self._in_a_row = self._in_a_row + 1 if cause == self._cause else 1
        self._cause = cause
        most = REFUSED_AT_MOST if reply.outcome == "gave_up" else UNREADABLE_AT_MOST
        if self._in_a_row < most * (ONCE_PROVEN if self._proven else 1):
            return None
        return LlmSetupError(
            f"The language model brought nothing in {self._in_a_row} requests in a row: {cause}.",
            f"{FIXES.get(cause, ELSE)} Answers so far are kept: the same command carries on.",
        )


def cause_of(reply: Reply) -> str:
    """Why a request without a value has none; "" where that says nothing of the next one."""
    if reply.outcome == "answered":
        return NO_PROBABILITIES if reply.finish_reason == NO_PROBABILITIES else NOTHING_VALID
    if reply.outcome == "gave_up":
        return reply.finish_reason or "given up"
    return reply.outcome if reply.outcome in {"length", "refusal", "filtered"} else ""
