"""What the server and the ledger say about a run, read without touching either."""

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.llm.ledger.database import FILE
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest
from tests.crash.work import Pair
from tests.support.fake_llm.journal import NAME
from tests.support.fake_llm.prompt import Prompt


@dataclass
class Send:
    """A request that the server received."""

    n: int
    at: float
    hash: str
    pairs: frozenset[Pair]
    answered_at: float | None = None

    def in_flight_at(self, moment: float) -> bool:
        return self.at <= moment and (self.answered_at is None or self.answered_at > moment)


class ServerLog:
    """The server's log, read on from where it was read last."""

    def __init__(self, folder: Path) -> None:
        self.sends: list[Send] = []
        self._path = folder / NAME
        self._read = 0

    def read_on(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]  # a line may be being written, or was at a kill
        self._read += len(whole)
        for line in map(json.loads, whole.splitlines()):
            if line["type"] == "received":
                self.sends.append(_send(line))
            elif line["type"] == "answered":
                self.sends[line["n"] - 1].answered_at = line["at"]


def _send(line: dict[str, Any]) -> Send:
    body = line["body"]
    prompt = Prompt.of(body)
    request = ChatRequest(
        kind="score",
        judge="",
        pairs=0,
        context={},
        system=prompt.system,
        user=prompt.user,
        schema=body["response_format"]["json_schema"]["schema"],
        answer_tokens=body["max_completion_tokens"],
    )
    person = fingerprint(prompt.user[: prompt.user.index("\n<items ")])
    pairs = frozenset((person, fingerprint(text)) for text in prompt.items.values())
    return Send(line["n"], line["at"], request.digest(body["model"]), pairs)


@dataclass(frozen=True)
class Books:
    """The ledger as it is on disk."""

    scores: dict[Pair, float] = field(default_factory=dict)
    open: Counter[str] = field(default_factory=Counter)
    """Requests in flight, by hash; a later run finds them lost."""
    answered: Counter[str] = field(default_factory=Counter)
    doubtful: Counter[str] = field(default_factory=Counter)
    """Sends that may have been charged without an answer, by hash; the open ones among them."""

    @classmethod
    def of(cls, home: Path) -> "Books":
        """Read a copy, so that it is the next engine that repairs what a kill left behind."""
        if not (home / FILE).exists():
            return cls()
        copy = home / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in (home / FILE, home / f"{FILE}-wal"):
            if path.exists():
                shutil.copy(path, copy)
        with closing(sqlite3.connect(copy / FILE)) as database:
            return _books(database)


def _books(database: sqlite3.Connection) -> Books:
    books = Books()
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'batches'").fetchone():
        return books  # killed before its first transaction
    for person, item, score in database.execute("SELECT person, item, score FROM scores"):
        books.scores[person, item] = score
    rows = "SELECT request_hash, outcome, perhaps_billed FROM requests"
    for request_hash, outcome, perhaps_billed in database.execute(rows):
        books.open[request_hash] += outcome is None
        books.answered[request_hash] += outcome == "answered"
        books.doubtful[request_hash] += perhaps_billed + (outcome in (None, "lost"))
    return books
