"""The process that is killed: asks for everything, and notes what was acknowledged to it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tasks.llm.asking import ask_scores
from tasks.llm.engine import Engine, Take
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.ledger.tables import requests
from tasks.llm.open_sessions import close_sessions
from tasks.llm.options import EngineOptions
from tasks.llm.requests import ChatRequest, Reply
from tasks.llm.session import session_for
from tests.crash.work import made_up

ACKNOWLEDGED, RESULT, LOG = "acknowledged", "result.json", "victim.log"


def run(home: Path, options: EngineOptions, people: int, items: int, sabotage: str | None) -> None:
    """Ask until everything is scored; what ends it otherwise stands in `home`'s victim.log."""
    with (home / LOG).open("a") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    os.environ.pop("PALATE_LEDGER_URL", None)
    if sabotage:
        SABOTAGES[sabotage]()
    session = session_for(home, options)
    _note_acknowledged(session.engine, home / ACKNOWLEDGED)
    asked = made_up(people, items)
    found = session.run(lambda engine: ask_scores(engine, asked, lambda _count: None))
    (home / RESULT).write_text(json.dumps(found))
    close_sessions()


def _note_acknowledged(engine: Engine, path: Path) -> None:
    """Whatever `ask` returned is promised to be on disk: its hash, a line each."""
    notes = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    ask = engine.ask

    async def noting(request: ChatRequest, take: Take) -> Reply:
        reply = await ask(request, take)
        os.write(notes, f"{request.digest(engine.model)}\n".encode())
        return reply

    engine.ask = noting  # type: ignore[method-assign]


# Ways to break the promises on purpose: whether anybody would notice.


def _no_intent() -> None:
    """Commits that it sends only once it has the answer."""
    held: dict[str, dict[str, Any]] = {}
    finish = Ledger.finish

    async def begin(self: Ledger, request: ChatRequest, model: str) -> str:
        row = self.request_row(request, model)
        held[str(row["id"])] = row
        return str(row["id"])

    async def late(self: Ledger, request_id: str, *arguments: Any, **named: Any) -> None:
        await self.database.change((requests.insert(), held.pop(request_id)))
        await finish(self, request_id, *arguments, **named)

    Ledger.begin = begin  # type: ignore[method-assign]
    Ledger.finish = late  # type: ignore[method-assign]


def _no_answer() -> None:
    """Says that an answer is kept, and does not keep it."""

    async def finish(self: Ledger, *_arguments: Any, **_named: Any) -> None:
        pass

    Ledger.finish = finish  # type: ignore[method-assign]


def _asks_again() -> None:
    """Does not look into the ledger."""

    async def nothing(self: Ledger, *_arguments: Any) -> dict[str, float]:
        return {}

    Ledger.scores_of = nothing  # type: ignore[method-assign,assignment]


def _never_lost() -> None:
    """Forgets what was in flight at a kill."""

    async def nothing(self: Ledger) -> None:
        pass

    Ledger._mark_lost = nothing  # type: ignore[method-assign]


SABOTAGES = {
    "no_intent": _no_intent,
    "no_answer": _no_answer,
    "asks_again": _asks_again,
    "never_lost": _never_lost,
}
