"""Batches in the ledger: on disk before they are made, so that none is made or paid for twice."""

import json
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, select, update

from tasks.llm.ledger.ledger import Ledger
from tasks.llm.ledger.tables import batches, requests
from tasks.llm.requests import Reply
from tasks.llm.work import Digest, Line, digest_alone

FORGOTTEN_AFTER = 30 * 86_400.0
"""Seconds after which a batch's answers are not kept at the server any more."""


@dataclass(frozen=True)
class Entry:
    """A request of a batch: whose answer it is, scores asked for, and how to read the answer."""

    judge: str
    pairs: int
    digest: Digest


@dataclass
class OpenBatch:
    """A batch that is not finished; `entries` by request id, which is the custom_id."""

    id: str
    created_at: float
    entries: Mapping[str, Entry]
    file_id: str | None = None
    batch_id: str | None = None
    lines: Mapping[str, Line] = field(default_factory=dict)


class BatchLedger:
    """The ledger's view of batches; every method commits before it returns."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def begin(self, lines: Sequence[Line], model: str) -> OpenBatch:
        """A batch about to be made, and its requests, in one commit."""
        batch = {"id": uuid4().hex, "owner": self._ledger.owner, "created_at": time.time()}
        rows = [
            self._ledger.request_row(line.request, line.judge, model)
            | {"batch_id": batch["id"], "context": json.dumps(line.context)}
            for line in lines
        ]
        await self._ledger.database.change((batches.insert(), batch), (requests.insert(), rows))
        sent = {row["id"]: line for row, line in zip(rows, lines, strict=True)}
        entries = {i: Entry(x.judge, x.request.pairs, x.digest) for i, x in sent.items()}
        return OpenBatch(str(batch["id"]), float(str(batch["created_at"])), entries, lines=sent)

    async def has_file(self, batch: OpenBatch, file_id: str) -> None:
        """Its lines are at the server."""
        batch.file_id = file_id
        await self._set(batch, file_id=file_id)

    async def is_made(self, batch: OpenBatch, batch_id: str) -> None:
        """It exists at the server."""
        batch.batch_id = batch_id
        await self._set(batch, batch_id=batch_id)

    async def end(self, batch: OpenBatch, status: str) -> None:
        """It is finished, or was never made; requests without an answer are closed with it."""
        unanswered = requests.c.outcome.is_(None) & (requests.c.batch_id == batch.id)
        closed = {"outcome": "unanswered", "finished_at": time.time(), "finish_reason": status[:32]}
        finished = {"finished_at": time.time(), "status": status}
        await self._ledger.database.change(
            (update(requests).where(unanswered).values(closed), None),
            (update(batches).where(batches.c.id == batch.id).values(finished), None),
        )

    async def take_over(self) -> list[OpenBatch]:
        """Batches whose command is gone; they are this one's from now on."""
        claims, found = self._ledger.claims, []
        for row in await self._open_rows():
            if row.owner == self._ledger.owner or not await self._is_gone(row.owner):
                continue
            try:
                batch = OpenBatch(row.id, row.created_at, {}, row.file_id, row.batch_id)
                if time.time() > row.created_at + FORGOTTEN_AFTER:
                    await self.end(batch, "forgotten")
                elif row.id in {same.id for same in await self._open_rows(row.owner)}:
                    entries = await self._entries(row.id)
                    batch.entries = entries
                    await self._set(batch, owner=self._ledger.owner)
                    found.append(batch)
            finally:
                await claims.give_back(f"owner {row.owner}")
        return found

    async def held_elsewhere(self, names: Set[str]) -> bool:
        """Whether another command has a batch open about one of these (`Work.name`)."""
        others = [r for r in await self._open_rows() if r.owner != self._ledger.owner]
        for row in others:
            if names & await self._names(row.id):
                return True
        return False

    async def _is_gone(self, owner: str) -> bool:
        """Whether the command is gone; its claim is then ours until it is given back."""
        return await self._ledger.claims.take(f"owner {owner}")

    async def _open_rows(self, owner: str | None = None) -> Sequence[Row[Any]]:
        query = select(batches).where(batches.c.finished_at.is_(None))
        if owner is not None:
            query = query.where(batches.c.owner == owner)
        return await self._ledger.database.rows(query.order_by(batches.c.created_at))

    async def _names(self, batch_id: str) -> set[str]:
        query = select(requests.c.judge, requests.c.context)
        rows = await self._ledger.database.rows(query.where(requests.c.batch_id == batch_id))
        told = ((row.judge, json.loads(row.context)) for row in rows)
        return {f"{judge} {c['person'] if 'person' in c else c['about']}" for judge, c in told}

    async def _entries(self, batch_id: str) -> dict[str, Entry]:
        waiting = requests.c.outcome.is_(None) & (requests.c.batch_id == batch_id)
        columns = requests.c.id, requests.c.judge, requests.c.pairs, requests.c.context
        rows = await self._ledger.database.rows(select(*columns).where(waiting))
        return {row.id: Entry(row.judge, row.pairs, self._later(row)) for row in rows}

    def _later(self, row: Any) -> Digest:  # noqa: ANN401 - a row of `requests`
        context = json.loads(row.context)
        return partial(_digest, self._ledger, row.judge, context)

    async def _set(self, batch: OpenBatch, **values: str) -> None:
        statement = update(batches).where(batches.c.id == batch.id).values(values)
        await self._ledger.database.change((statement, None))


def _digest(
    ledger: Ledger, judge: str, context: Mapping[str, Any], request_id: str, reply: Reply
) -> Any:  # noqa: ANN401
    return digest_alone(ledger, request_id, judge, context, reply)
