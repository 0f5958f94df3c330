"""One asker at a time per person, across processes and machines: who waits finds the answers.

A claim ends with its process, also by kill -9: it is a lock on a byte of a file (SQLite ledger), or
an advisory lock of a connection (Postgres).
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.llm.ledger.database import FAILURES, Database

LOOK_AGAIN_SECONDS = 0.1


class FileLocks:
    """POSIX record locks, one byte of the file per number; the file stays empty.

    One for all ledgers of a process: the locks belong to the process, which would be given those
    it has, and closing any descriptor of the file drops them all.
    """

    def __init__(self, file: Path) -> None:
        self.users = 0
        self._path, self._held = file, set[int]()
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)

    async def try_lock(self, number: int) -> bool:
        """Take the lock if no other process, and nobody in this one, has it."""
        with _one_at_a_time:
            if number in self._held:
                return False
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except (BlockingIOError, PermissionError):
                return False
            self._held.add(number)
            return True

    async def unlock(self, number: int) -> None:
        """Give it back."""
        with _one_at_a_time:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, number)
            self._held.discard(number)

    async def close(self, held: Collection[int]) -> None:
        """Give back what one user held; the file is closed with the last of them."""
        for number in held:
            await self.unlock(number)
        with _one_at_a_time:
            self.users -= 1
            if not self.users:
                os.close(self._descriptor)
                del _locked_files[self._path]


_locked_files: dict[Path, FileLocks] = {}
_one_at_a_time = threading.Lock()


def _file_locks(file: Path) -> FileLocks:
    with _one_at_a_time:
        if file not in _locked_files:
            _locked_files[file] = FileLocks(file)
        _locked_files[file].users += 1
        return _locked_files[file]


class PostgresLocks:
    """Session-level advisory locks, all on one connection."""

    def __init__(self, database: Database, connection: AsyncConnection) -> None:
        self._database, self._connection = database, connection
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
        except FAILURES as error:
            raise self._database.broken("used for claims", error) from None

    async def close(self, _held: Collection[int]) -> None:
        """Give all back: the locks end with the connection, which must not return to a pool."""
        with contextlib.suppress(*FAILURES):
            await self._connection.invalidate()
            await self._connection.close()


class Claims:
    """Claims by name; within a process too, a name has one holder. Raises LedgerError."""

    def __init__(self, locks: FileLocks | PostgresLocks) -> None:
        self._locks = locks
        self._mine: set[int] = set()

    async def take(self, name: str) -> bool:
        """Claim it if nobody holds it."""
        number = _number(name)
        if number in self._mine:
            return False
        self._mine.add(number)
        taken = False
        try:
            taken = await self._locks.try_lock(number)
        finally:
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
        await self._locks.close(self._mine)


async def open_claims(database: Database) -> Claims:
    """The claims of everybody who uses this database."""
    if not database.is_sqlite:
        return Claims(PostgresLocks(database, await database.connect()))
    try:
        return Claims(_file_locks(Path(f"{database.url.database}.claims")))
    except OSError as error:
        raise database.broken("used for claims", error) from None


def _number(name: str) -> int:
    """A positive 62-bit number: file offsets and Postgres' keys are signed 64-bit."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 2
