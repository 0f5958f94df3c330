"""Batches in the ledger: on disk before they are made, so that none is made or paid for twice."""

import json
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, select, update

from tasks.llm.ledger.ledger import Ledger
from tasks.llm.ledger.tables import batches, requests
from tasks.llm.requests import ChatRequest, Subject

FORGOTTEN_AFTER = 30 * 86_400.0
"""Seconds after which a batch's answers are not kept at the server any more."""


@dataclass
class OpenBatch:
    """A batch that is not finished; `subjects` by request id, which is the custom_id."""

    id: str
    created_at: float
    subjects: Mapping[str, Subject]
    file_id: str | None = None
    batch_id: str | None = None


class BatchLedger:
    """The ledger's view of batches; every method commits before it returns."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def begin(self, sent: Sequence[ChatRequest], model: str) -> OpenBatch:
        """A batch about to be made, and its requests in their order, in one commit."""
        batch_id, now = uuid4().hex, time.time()
        batch = {"id": batch_id, "owner": self._ledger.owner, "created_at": now}
        rows = [
            self._ledger.request_row(request, model)
            | {"batch_id": batch_id, "context": json.dumps(request.context)}
            for request in sent
        ]
        await self._ledger.database.change((batches.insert(), batch), (requests.insert(), rows))
        ids = (str(row["id"]) for row in rows)
        return OpenBatch(batch_id, now, dict(zip(ids, sent, strict=True)))

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
        claims, taken = self._ledger.claims, []
        for row in await self._open_rows():
            if row.owner == self._ledger.owner or not await self._is_gone(row.owner):
                continue
            try:
                batch = OpenBatch(row.id, row.created_at, {}, row.file_id, row.batch_id)
                if time.time() > row.created_at + FORGOTTEN_AFTER:
                    await self.end(batch, "forgotten")
                elif row.id in {same.id for same in await self._open_rows(row.owner)}:
                    batch.subjects = await self._subjects(row.id)
                    await self._set(batch, owner=self._ledger.owner)
                    taken.append(batch)
            finally:
                await claims.give_back(f"owner {row.owner}")
        return taken

    async def held_elsewhere(self, claims: Set[str]) -> bool:
        """Whether another command has a batch open about one of these (`Subject.claim`)."""
        others = [r for r in await self._open_rows() if r.owner != self._ledger.owner]
        for row in others:
            subjects = await self._subjects(row.id, all_of_it=True)
            if not claims.isdisjoint(subject.claim for subject in subjects.values()):
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

    async def _subjects(self, batch_id: str, *, all_of_it: bool = False) -> dict[str, Subject]:
        """What its requests are about, by id: of those without an answer yet, or of all."""
        theirs = requests.c.batch_id == batch_id
        if not all_of_it:
            theirs &= requests.c.outcome.is_(None)
        columns = (requests.c[name] for name in ("id", "kind", "judge", "pairs", "context"))
        rows = await self._ledger.database.rows(select(*columns).where(theirs))
        return {r.id: Subject(r.kind, r.judge, r.pairs, json.loads(r.context)) for r in rows}

    async def _set(self, batch: OpenBatch, **values: str) -> None:
        statement = update(batches).where(batches.c.id == batch.id).values(values)
        await self._ledger.database.change((statement, None))
