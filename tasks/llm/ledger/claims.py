"""One asker at a time per person, across processes and machines: who waits finds the answers.

A claim ends with its process, also by kill -9: it is a lock on a byte of a file (SQLite ledger), or
an advisory lock of a connection (Postgres).
"""

import asyncio
import fcntl
import hashlib
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.errors import LedgerError
from tasks.llm.ledger.database import Database

LOOK_AGAIN_SECONDS = 0.1


class Locks(Protocol):
    """Locks with a number for a name, shared by everybody who uses a ledger."""

    async def try_lock(self, number: int) -> bool:
        """Take the lock if nobody else has it."""
        ...

    async def unlock(self, number: int) -> None:
        """Give it back."""
        ...

    async def close(self) -> None:
        """Give all back."""
        ...


class Claims:
    """Claims by name; within a process too, a name has one holder."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._mine: set[int] = set()

    async def take(self, name: str) -> bool:
        """Claim it if nobody holds it."""
        number = _number(name)
        if number in self._mine:
            return False
        self._mine.add(number)
        try:
            taken = await self._locks.try_lock(number)
        except BaseException:
            self._mine.discard(number)
            raise
        if not taken:
            self._mine.discard(number)
        return taken

    async def wait_for(self, name: str) -> None:
        """Claim it as soon as nobody holds it."""
        while not await self.take(name):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def give_back(self, name: str) -> None:
        """End a claim."""
        number = _number(name)
        await self._locks.unlock(number)
        self._mine.discard(number)

    async def close(self) -> None:
        """End all claims."""
        await self._locks.close()


async def open_claims(database: Database) -> Claims:
    """The claims of everybody who uses this database."""
    if not database.is_sqlite:
        return Claims(PostgresLocks(await database.connect()))
    return Claims(FileLocks(Path(f"{database.url.database}.claims")))


class FileLocks:
    """POSIX record locks, one byte of the file per number; the file stays empty."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)

    async def try_lock(self, number: int) -> bool:
        """Take the lock if no other process has it."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):
            return False
        return True

    async def unlock(self, number: int) -> None:
        """Give it back."""
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, number)

    async def close(self) -> None:
        """Give all back."""
        os.close(self._descriptor)


class PostgresLocks:
    """Session-level advisory locks, all on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()

    async def try_lock(self, number: int) -> bool:
        """Take the lock if no other connection has it."""
        return bool(await self._ask("SELECT pg_try_advisory_lock(:number)", number))

    async def unlock(self, number: int) -> None:
        """Give it back."""
        await self._ask("SELECT pg_advisory_unlock(:number)", number)

    async def _ask(self, statement: str, number: int) -> object:
        try:
            async with self._one_at_a_time:
                answer = await self._connection.scalar(text(statement), {"number": number})
                await self._connection.commit()
                return answer
        except (SQLAlchemyError, OSError):
            raise LedgerError(
                "The connection that holds the ledger's claims is lost.",
                "Run the same command again: what was committed is kept.",
            ) from None

    async def close(self) -> None:
        """Give all back."""
        await self._connection.close()


def _number(name: str) -> int:
    """A positive 62-bit number: file offsets and Postgres' keys are signed 64-bit."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 2
