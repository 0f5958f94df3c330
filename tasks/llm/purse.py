"""The budget of a process, and that of all processes of a command, whose limits hold together."""

from dataclasses import fields
from decimal import Decimal

from tasks.llm.budget import Budget, Reserved, Totals, refuse_over_limits
from tasks.llm.ledger.database import Change
from tasks.llm.ledger.spending import NANO_DOLLARS, SENDS, TOKENS, Spending
from tasks.llm.options import LlmOptions
from tasks.llm.requests import ChatRequest


class Purse:
    """Counts in `budget` and, where a command has several processes, in `spending` too.

    What is held for a process that is killed stays held: it may have been charged.
    """

    def __init__(self, options: LlmOptions, budget: Budget, spending: Spending | None) -> None:
        self.budget = budget
        self._options, self._spending = options, spending

    async def reserve(self, request: ChatRequest, share: Decimal = Decimal(1)) -> Reserved:
        """Hold what a send can use at most. Raises LimitReachedError when that passes a limit."""
        held = self.budget.reserve(request, share)
        if self._spending is not None:
            try:
                await self._agree(self._spending)
            except BaseException:
                self.budget.take_back(held)
                raise
        return held

    def changes(self) -> list[Change]:
        """What was counted since, to be committed with whatever is committed next."""
        return [] if self._spending is None else self._spending.adding(self.budget.news())

    async def totals(self) -> Totals:
        """What all processes have used so far."""
        if self._spending is None:
            return self.budget.totals
        used = await self._spending.read()
        return Totals(**{field.name: used[field.name] for field in fields(Totals)})

    async def _agree(self, spending: Spending) -> None:
        """Add this process' counts, which hold the reservation, to those of all."""
        news = self.budget.news()
        try:
            while not await spending.add_within(self._options, news):
                used = await spending.read()
                used.update(news)
                sums = (sum(used[n] for n in some) for some in (SENDS, TOKENS, NANO_DOLLARS))
                refuse_over_limits(self._options, *sums)
        except BaseException:
            self.budget.untold(news)
            raise
