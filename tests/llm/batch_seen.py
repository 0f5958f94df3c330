"""What the server and the ledger saw of commands that ask in batches."""

import json
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.llm.batch_people import Pairs
from tests.support.fake_llm.call import Call
from tests.support.fake_llm.handle import FakeLLM
from tests.support.fake_llm.journal import NAME


def forget(fake: FakeLLM) -> None:
    """Empty its log and its list of batches, which take longer to read with every test."""
    os.truncate(fake.folder / NAME, 0)  # it only ever appends
    for batch in (fake.folder / "batches").glob("*.json"):
        batch.unlink()


class Watch:
    """What the server did since this began to look."""

    def __init__(self, fake: FakeLLM) -> None:
        self._fake = fake
        self._calls, self._operations = len(fake.calls()), len(fake.operations())

    def calls(self) -> list[Call]:
        return self._fake.calls()[self._calls :]

    def operations(self) -> list[str]:
        return [name for name, _ in self._fake.operations()[self._operations :]]

    def created(self) -> list[str]:
        """Ids of the batches that were created."""
        done = self._fake.operations()[self._operations :]
        return [ids[0] for name, ids in done if name == "create"]

    def asked(self, calls: Sequence[Call] | None = None) -> Pairs:
        """How often each pair was put to the model."""
        shown = Pairs()
        for call in self.calls() if calls is None else calls:
            block = call.user.partition("\n<items")[0]
            shown.update((block, text) for text in call.items.values())
        return shown

    def asked_in(self, batch: str) -> Pairs:
        return self.asked([call for call in self.calls() if call.batch == batch])

    def file_of(self, batch: str) -> bytes:
        """A batch's input file."""
        known = {each["id"]: each["input_file_id"] for each in self._fake.batches()}
        return (self._fake.folder / "files" / f"{known[batch]}.content").read_bytes()

    def lines_of(self, batch: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file_of(batch).splitlines()]


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of the ledger."""
    connection = sqlite3.connect(home / "ledger.sqlite", timeout=10)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def open_batches(home: Path) -> int:
    return len(rows(home, "SELECT id FROM batches WHERE finished_at IS NULL"))


def in_flight(home: Path) -> int:
    return len(rows(home, "SELECT id FROM requests WHERE outcome IS NULL"))
