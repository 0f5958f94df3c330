"""What all processes of one command use together: a row that each adds to before it sends."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import ColumnElement, Update, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tasks.llm.ledger.database import Change, Database
from tasks.llm.ledger.tables import COUNTED, spending
from tasks.llm.options import LlmOptions
from tasks.llm.prices import NANO

SENDS, TOKENS = ("sends",), ("prompt", "answer", "tokens_held")
NANO_DOLLARS = ("nano_dollars", "nano_held")
"""What counts together against a limit."""


class Spending:
    """The row of one command. Every method raises LedgerError."""

    def __init__(self, database: Database, run: str) -> None:
        self._database, self._run = database, run

    async def open(self) -> None:
        """Make the row unless another process has."""
        dialect = sqlite if self._database.is_sqlite else postgresql
        row = {"run": self._run} | dict.fromkeys(COUNTED, 0)
        made = dialect.insert(spending).on_conflict_do_nothing()
        await self._database.change((made, row))

    async def add_within(self, limits: LlmOptions, news: Mapping[str, int]) -> bool:
        """Add what a process counted unless a limit would be passed; gives whether it was added."""
        statement = self._adding(news).where(*_within(limits, news))
        return await self._database.changed(statement) == 1

    def adding(self, news: Mapping[str, int]) -> list[Change]:
        """What a process counted, as a change to commit."""
        return [(self._adding(news), None)] if any(news.values()) else []

    async def read(self) -> Counter[str]:
        """What all have used so far and hold, by `COUNTED`."""
        rows = await self._database.rows(select(spending).where(spending.c.run == self._run))
        if not rows:
            raise self._database.broken("read", RuntimeError("a command's row is gone"))
        return Counter({name: getattr(rows[0], name) for name in COUNTED})

    def _adding(self, news: Mapping[str, int]) -> Update:
        changed = {name: spending.c[name] + n for name, n in news.items() if n}
        return update(spending).where(spending.c.run == self._run).values(changed)


def _within(limits: LlmOptions, news: Mapping[str, int]) -> list[ColumnElement[bool]]:
    """The conditions of `refuse_over_limits`, checked in the statement that adds."""
    most = {
        SENDS: limits.max_requests,
        TOKENS: limits.max_tokens,
        NANO_DOLLARS: None if limits.max_cost is None else int(limits.max_cost * NANO),
    }
    return [
        sum((spending.c[name] for name in names[1:]), spending.c[names[0]])
        + sum(news[name] for name in names)
        <= limit
        for names, limit in most.items()
        if limit is not None
    ]
