"""The ledger: what was asked, what is in flight, what was answered."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tasks.core.errors import LedgerError
from tasks.core.secrets import Secrets
from tasks.llm.ledger.claims import Claims, open_claims
from tasks.llm.ledger.database import Change, Database, ledger_url
from tasks.llm.ledger.tables import requests, scores, texts
from tasks.llm.questions import QUESTIONS, Kept
from tasks.llm.requests import ChatRequest, Reply, Subject

ASKED_AT_ONCE = 500


class Ledger:
    """Open it, use it in one event loop, close it. Every method raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.owner = uuid4().hex
        self.claims: Claims

    async def open(self) -> None:
        """Connect, and find what engines that are gone left in flight: it counts as lost."""
        await self.database.open()
        try:
            self.claims = await open_claims(self.database)
            await self.claims.wait_for(f"owner {self.owner}")
            await self._mark_lost()
        except LedgerError:
            await self.database.close()
            raise

    async def close(self) -> None:
        """Disconnect; claims end."""
        await self.claims.close()
        await self.database.close()

    async def begin(self, request: ChatRequest, model: str) -> str:
        """Commit that a request is about to be sent; gives its id."""
        row = self.request_row(request, model)
        await self.database.change((requests.insert(), row))
        return str(row["id"])

    def request_row(self, request: ChatRequest, model: str) -> dict[str, Any]:
        """The row of a request about to be sent."""
        return {
            "id": uuid4().hex,
            "request_hash": request.digest(model),
            "owner": self.owner,
            "kind": request.kind,
            "judge": request.judge,
            "pairs": request.pairs,
            "sent_at": time.time(),
            "attempts": 1,
            "perhaps_billed": 0,
        }

    async def begin_again(self, request_id: str, *, perhaps_billed: bool) -> None:
        """Commit that it is about to be sent once more, and how its last send ended."""
        counted = {
            "attempts": requests.c.attempts + 1,
            "perhaps_billed": requests.c.perhaps_billed + int(perhaps_billed),
        }
        await self.database.change(
            (update(requests).where(requests.c.id == request_id).values(counted), None)
        )

    async def finish(
        self,
        request_id: str,
        reply: Reply,
        *,
        cost: int | None = None,
        latency: float | None = None,
        perhaps_billed: bool = False,
        answers: Sequence[Change] = (),
    ) -> None:
        """Commit how it ended, and in the same transaction what its answer holds."""
        values = {
            "finished_at": time.time(),
            "outcome": reply.outcome,
            "finish_reason": reply.finish_reason[:32],
            "model_reported": reply.model[:200],
            "tokens_in": reply.usage.prompt,
            "tokens_cached": reply.usage.cached,
            "tokens_out": reply.usage.answer,
            "cost_nano_dollars": cost,
            "latency_seconds": latency,
            "perhaps_billed": requests.c.perhaps_billed + int(perhaps_billed),
        }
        done = update(requests).where(requests.c.id == request_id).values(values)
        await self.database.change((done, None), *answers)

    def keep(self, request_id: str, subject: Subject, values: Mapping[str, Any]) -> list[Change]:
        """What an answer holds, as a change to commit."""
        if not values:
            return []
        if QUESTIONS[subject.kind].keeps == "texts":
            return self.keep_texts(request_id, subject.judge, values)
        return self.keep_scores(request_id, subject.judge, subject.context["person"], values)

    def keep_scores(
        self, request_id: str, judge: str, person: str, values: Mapping[str, float]
    ) -> list[Change]:
        """Scores by item hash, as a change to commit; a pair that has one keeps it."""
        rows = [
            {"judge": judge, "person": person, "item": i, "score": s, "request_id": request_id}
            for i, s in values.items()
        ]
        return [(self._insert_new(scores), rows)] if rows else []

    def keep_texts(self, request_id: str, judge: str, values: Mapping[str, str]) -> list[Change]:
        """Texts by the hash of what they are about, as a change to commit."""
        rows = [
            {"judge": judge, "about": about, "text": text, "request_id": request_id}
            for about, text in values.items()
        ]
        return [(self._insert_new(texts), rows)] if rows else []

    async def values_of(
        self, keeps: Kept, judge: str, person: str, items: Iterable[str]
    ) -> dict[str, Any]:
        """Known scores or texts by item hash."""
        if keeps == "scores":
            return await self.scores_of(judge, person, items)
        return await self.texts_about(judge, items)

    async def scores_of(self, judge: str, person: str, items: Iterable[str]) -> dict[str, float]:
        """Known scores by item hash."""
        known: dict[str, float] = {}
        wanted = list(dict.fromkeys(items))
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            some = wanted[start : start + ASKED_AT_ONCE]
            theirs = (scores.c.judge == judge) & (scores.c.person == person)
            query = select(scores.c.item, scores.c.score).where(theirs & scores.c.item.in_(some))
            known |= {row.item: row.score for row in await self.database.rows(query)}
        return known

    async def texts_about(self, judge: str, things: Iterable[str]) -> dict[str, str]:
        """Known texts by the hash of what they are about."""
        known: dict[str, str] = {}
        wanted = list(dict.fromkeys(things))
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            some = wanted[start : start + ASKED_AT_ONCE]
            query = select(texts.c.about, texts.c.text)
            query = query.where((texts.c.judge == judge) & texts.c.about.in_(some))
            known |= {row.about: row.text for row in await self.database.rows(query)}
        return known

    async def finished_since(self, moment: float) -> list[dict[str, Any]]:
        """Rows of the requests that ended at or after a moment, oldest first."""
        query = select(requests).where(requests.c.finished_at >= moment)
        rows = await self.database.rows(query.order_by(requests.c.finished_at, requests.c.id))
        return [dict(row._mapping) for row in rows]

    async def in_doubt(self) -> int:
        """Sends that may have been charged without an answer that counts."""
        lost = select(func.count()).where(requests.c.outcome == "lost").scalar_subquery()
        unsure = func.coalesce(func.sum(requests.c.perhaps_billed), 0)
        return int((await self.database.rows(select(unsure + lost)))[0][0])

    async def _mark_lost(self) -> None:
        """End the live requests of owners who hold no claim any more; a batch's go on without."""
        open_ones = requests.c.outcome.is_(None) & requests.c.batch_id.is_(None)
        owners = await self.database.rows(select(requests.c.owner).where(open_ones).distinct())
        for (owner,) in owners:
            if owner == self.owner or not await self.claims.take(f"owner {owner}"):
                continue
            theirs = open_ones & (requests.c.owner == bindparam("whose"))
            gone = update(requests).where(theirs)
            lost = gone.values(outcome="lost", finished_at=time.time())
            await self.database.change((lost, {"whose": owner}))
            await self.claims.give_back(f"owner {owner}")

    def _insert_new(self, table: Table) -> Any:  # noqa: ANN401 - one of two dialects' inserts
        dialect = sqlite if self.database.is_sqlite else postgresql
        return dialect.insert(table).on_conflict_do_nothing()


async def open_ledger(home: Path, secrets: Secrets) -> Ledger:
    """The ledger of this home or, with PALATE_LEDGER_URL, of everybody."""
    ledger = Ledger(Database(ledger_url(home, secrets)))
    await ledger.open()
    return ledger
