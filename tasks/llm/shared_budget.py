"""The budget of a process, and of all processes of a command, whose limits hold together.

These add what they count to one row of the ledger, each before it sends.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal

from sqlalchemy import ColumnElement, Update, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tasks.llm.budget import NANO, Budget, Reserved, Totals, refuse_over_limits
from tasks.llm.ledger.database import Change, Database
from tasks.llm.ledger.tables import COUNTED, spending
from tasks.llm.options import EngineOptions, LlmOptions
from tasks.llm.requests import ChatRequest

SENDS, TOKENS = ("sends",), ("prompt", "answer", "tokens_held")
NANO_DOLLARS = ("nano_dollars", "nano_held")
"""What counts together against a limit."""


class SharedBudget:
    """Counts in `budget` and, where a command has several processes, in the ledger too.

    What is held for a process that is killed stays held: it may have been charged. Every method
    that reads or writes the ledger raises LedgerError.
    """

    def __init__(self, options: EngineOptions, budget: Budget, database: Database) -> None:
        self.budget = budget
        self._options, self._database = options, database
        self._run = options.sharing.run if options.sharing else None

    async def open(self) -> None:
        """Make the command's row unless another process has."""
        if self._run is not None:
            dialect = sqlite if self._database.is_sqlite else postgresql
            row = {"run": self._run} | dict.fromkeys(COUNTED, 0)
            made = dialect.insert(spending).on_conflict_do_nothing()
            await self._database.change((made, row))

    async def reserve(self, request: ChatRequest, share: Decimal = Decimal(1)) -> Reserved:
        """Hold what a send can use at most. Raises LimitReachedError when that passes a limit."""
        held = self.budget.reserve(request, share)
        if self._run is not None:
            try:
                await self._report()
            except BaseException:
                self.budget.take_back(held)
                raise
        return held

    def changes(self) -> list[Change]:
        """What was counted since, to be committed with whatever is committed next."""
        if self._run is None:
            return []
        counts = self.budget.unreported()
        return [(self._adding(counts), None)] if any(counts.values()) else []

    async def totals(self) -> Totals:
        """What all processes have used so far."""
        if self._run is None:
            return self.budget.totals
        used = await self._used()
        return Totals(**{field.name: used[field.name] for field in fields(Totals)})

    async def _report(self) -> None:
        """Add this process' counts, which hold the reservation, unless a limit would be passed."""
        counts = self.budget.unreported()
        adding = self._adding(counts).where(*_within(self._options, counts))
        try:
            while await self._database.changed(adding) != 1:
                used = await self._used()
                used.update(counts)
                sums = (sum(used[n] for n in some) for some in (SENDS, TOKENS, NANO_DOLLARS))
                refuse_over_limits(self._options, *sums)
        except BaseException:
            self.budget.take_report_back(counts)
            raise

    async def _used(self) -> Counter[str]:
        """What all have used so far and hold, by `COUNTED`."""
        rows = await self._database.rows(select(spending).where(spending.c.run == self._run))
        if not rows:
            raise self._database.broken("read", RuntimeError("a command's row is gone"))
        return Counter({name: getattr(rows[0], name) for name in COUNTED})

    def _adding(self, counts: Mapping[str, int]) -> Update:
        changed = {name: spending.c[name] + n for name, n in counts.items() if n}
        return update(spending).where(spending.c.run == self._run).values(changed)


def _within(limits: LlmOptions, counts: Mapping[str, int]) -> list[ColumnElement[bool]]:
    """The conditions of `refuse_over_limits`, checked in the statement that adds."""
    most = {
        SENDS: limits.max_requests,
        TOKENS: limits.max_tokens,
        NANO_DOLLARS: None if limits.max_cost is None else int(limits.max_cost * NANO),
    }
    return [
        sum((spending.c[name] for name in names[1:]), spending.c[names[0]])
        + sum(counts[name] for name in names)
        <= limit
        for names, limit in most.items()
        if limit is not None
    ]
