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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tasks.llm.ledger.database import FAILURES, Database

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
        return Claims(PostgresLocks(database, await database.connect()))
    try:
        return Claims(FileLocks(Path(f"{database.url.database}.claims")))
    except OSError as error:
        raise database.broken("used for claims", error) from None


@dataclass
class _LockedFile:
    """What a process holds of a file: one descriptor for all its ledgers.

    POSIX locks belong to the process: it would be given those it has, and closing any descriptor
    of the file drops them all.
    """

    descriptor: int
    held: set[int] = field(default_factory=set)
    users: int = 0


_locked_files: dict[Path, _LockedFile] = {}
_one_at_a_time = threading.Lock()


class FileLocks:
    """POSIX record locks, one byte of the file per number; the file stays empty."""

    def __init__(self, file: Path) -> None:
        self._path, self._mine = file, set[int]()
        with _one_at_a_time:
            if file not in _locked_files:
                descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
                _locked_files[file] = _LockedFile(descriptor)
            self._file = _locked_files[file]
            self._file.users += 1

    async def try_lock(self, number: int) -> bool:
        """Take the lock if no other process, and nobody in this one, has it."""
        with _one_at_a_time:
            if number in self._file.held:
                return False
            try:
                fcntl.lockf(self._file.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except (BlockingIOError, PermissionError):
                return False
            self._file.held.add(number)
            self._mine.add(number)
            return True

    async def unlock(self, number: int) -> None:
        """Give it back."""
        with _one_at_a_time:
            fcntl.lockf(self._file.descriptor, fcntl.LOCK_UN, 1, number)
            self._file.held.discard(number)
            self._mine.discard(number)

    async def close(self) -> None:
        """Give all back."""
        for number in list(self._mine):
            await self.unlock(number)
        with _one_at_a_time:
            self._file.users -= 1
            if not self._file.users:
                os.close(self._file.descriptor)
                del _locked_files[self._path]


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

    async def close(self) -> None:
        """Give all back: the locks end with the connection, which must not return to a pool."""
        with contextlib.suppress(*FAILURES):
            await self._connection.invalidate()
            await self._connection.close()


def _number(name: str) -> int:
    """A positive 62-bit number: file offsets and Postgres' keys are signed 64-bit."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 2
