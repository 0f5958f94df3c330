"""The home folder: writable, with room, nothing left behind, its results and its ledger whole."""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from filelock import Timeout
from rich.filesize import decimal
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

import sql
from flows.doctor.finding import Finding, fail, ok, warn
from tasks.core.errors import DiskFullError, LedgerError
from tasks.core.files import replacing
from tasks.core.homes import url_of
from tasks.core.lock import HomeInUseError, alone
from tasks.core.secrets import Secrets
from tasks.core.storage import storage_of
from tasks.llm.ledger.database import Database, ledger_url
from tasks.settings.settings import Settings
from tasks.store.housekeeping import unfinished
from tasks.store.query import query
from tasks.store.warehouse import database_file, has_results, publishing_lock

TIGHT, ROOMY = 1 << 30, 5 << 30
"""Bytes free below which it fails, and below which it warns."""

SKEW = timedelta(minutes=2)

SECONDS = 5.0
STORED = "SELECT tags['storage_version'] AS storage FROM duckdb_databases() WHERE NOT internal"
VIEWS = "SELECT view_name FROM duckdb_views() WHERE NOT internal"


def check_writable(settings: Settings) -> list[Finding]:
    """A file can be written, forced to disk, renamed and removed."""
    home = settings.home
    if not home.is_dir():
        there = _nearest(home)
        if there.is_dir() and os.access(there, os.W_OK):
            return [ok("home", f"{home} will be made by the first night")]
        return [fail("home", f"{home} cannot be made", f"Check {there}, or give --home.")]
    started, probe = time.monotonic(), home / "doctor-probe"
    try:
        with replacing(probe) as private:
            private.write_bytes(b"palate")
        probe.unlink()
    except DiskFullError as error:
        return [fail("home", error.what.rstrip("."), error.fix)]
    except OSError as error:
        problem = f"{home} cannot be written to ({error.strerror or error})"
        return [fail("home", problem, "Check its permissions and its disk, or give --home.")]
    took = 1000 * (time.monotonic() - started)
    return [ok("home", f"{home} is writable and syncs to disk ({took:.0f} ms)")]


def check_shared(settings: Settings) -> list[Finding]:
    """What others share is there and can be listed."""
    url = url_of(settings.home)
    if url is None:
        return []
    started = time.monotonic()
    storage_of(settings.home).check()
    took = 1000 * (time.monotonic() - started)
    copies = f"this machine's copies are in {settings.home}"
    return [ok("shared", f"{url} answers ({took:.0f} ms); {copies}")]


def check_space(settings: Settings) -> list[Finding]:
    """Room for a night; publishing needs as much again as the results file takes."""
    file = database_file(settings.home)
    results = file.stat().st_size if file.is_file() else 0
    free = shutil.disk_usage(_nearest(settings.home)).free
    what = f"{decimal(free)} free, the results file takes {decimal(results)}"
    fix = "Make room: `palate gc` shows what no kept run needs."
    if free < TIGHT + results:
        return [fail("disk", what, fix)]
    return [warn("disk", what, fix) if free < ROOMY + results else ok("disk", what)]


def check_leftovers(settings: Settings) -> list[Finding]:
    """What killed commands left behind, and who is at work; locks go with who held them."""
    home = settings.home
    if not home.is_dir():
        return []
    left = unfinished(home, datetime.now(UTC) - timedelta(days=1))
    findings = [ok("locks", "; ".join(_at_work(home)) or "nobody is at work in the home")]
    if left:
        what = f"{len(left):,} unfinished files of killed commands"
        findings.append(warn("leftovers", what, "`palate gc --apply` removes them."))
    return findings


def check_clock(settings: Settings) -> list[Finding]:
    """The clock is not behind the last run, nor apart from the disk's."""
    now = datetime.now(UTC)
    fix = "Set the clock (NTP): nights are told apart and ordered by it."
    if has_results(settings.home):
        last = query(settings.home, "SELECT max(finished_at_utc) AS at FROM runs")["at"].item()
        if last is not None and last.replace(tzinfo=UTC) > now + SKEW:
            return [fail("clock", f"it is {now:%Y-%m-%d %H:%M} UTC, but a run ended {last}", fix)]
    return [ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")]


def _at_work(home: Path) -> Iterator[str]:
    try:
        with alone(home):
            pass
    except HomeInUseError:
        yield "a command is at work"
    lock = publishing_lock(home)
    try:
        if Path(lock.lock_file).exists():
            with lock.acquire(timeout=0):
                pass
    except Timeout:
        yield "a run is publishing"


def _nearest(path: Path) -> Path:
    """The folder, or the one nearest above it that is there."""
    absolute = path.resolve()
    return next(folder for folder in (absolute, *absolute.parents) if folder.exists())


def check_results(settings: Settings) -> list[Finding]:
    """The results file opens with this DuckDB, and has all that analysts ask for."""
    if not has_results(settings.home):
        return [ok("results", "none yet: `palate nightly` makes them")]
    storage = query(settings.home, STORED).item()
    runs = query(settings.home, "SELECT count(*) FROM runs").item()
    what = f"{runs:,} runs, DuckDB {duckdb.__version__}, storage {storage}"
    missing = set(sql.VIEWS) - set(query(settings.home, VIEWS)["view_name"])
    if missing:
        fix = "The next run that is published adds them."
        lacks = f"of an older palate: it lacks {len(missing)} views"
        return [warn("results", f"{what}; {lacks}", fix)]
    return [ok("results", what)]


def check_ledger(settings: Settings) -> list[Finding]:
    """The ledger of what was paid for is whole, or its Postgres answers."""
    if url_of(settings.home) and not (settings.asks or Secrets().palate_ledger_url):
        return [ok("ledger", "none: nothing is asked of a language model")]
    url = ledger_url(settings.home, Secrets())
    if url.get_backend_name() != "sqlite":
        return [asyncio.run(_check_postgres(url))]
    file = Path(url.database or "")
    if not file.is_file():
        return [ok("ledger", "none yet: nothing was asked of a language model")]
    fix = "Restore it from a backup, or move it away: its answers are asked, and paid for, again."
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=SECONDS)) as ledger:
            (answer,) = ledger.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        answer = str(error)
    if answer != "ok":
        return [fail("ledger", f"{file}: {answer}", fix)]
    return [ok("ledger", f"{file} is whole")]


async def _check_postgres(url: URL) -> Finding:
    """Says where, never with what password."""
    where = f"Postgres at {url.host or 'a socket'}"
    engine = create_async_engine(url, hide_parameters=True)
    try:
        async with asyncio.timeout(SECONDS), engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:  # whatever a driver raises, without what was sent
        broken: LedgerError = Database(url).broken("reached", error)
        return fail("ledger", broken.what, broken.fix)
    finally:
        await engine.dispose()
    return ok("ledger", f"{where} answers")
