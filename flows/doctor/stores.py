"""Whether the results file and the ledger can be opened and are whole."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

import sql
from flows.doctor.finding import Finding, fail, ok, warn
from tasks.core.errors import LedgerError
from tasks.core.homes import url_of
from tasks.core.secrets import Secrets
from tasks.llm.ledger.database import Database, ledger_url
from tasks.settings.settings import Settings
from tasks.store.query import query
from tasks.store.warehouse import has_results

SECONDS = 5.0

STORED = "SELECT tags['storage_version'] AS storage FROM duckdb_databases() WHERE NOT internal"
VIEWS = "SELECT view_name FROM duckdb_views() WHERE NOT internal"


def check_results(settings: Settings) -> list[Finding]:
    """The results file opens with this DuckDB, and has all that analysts ask for."""
    if not has_results(settings.home):
        return [ok("results", "none yet: `palate nightly` makes them")]
    storage = query(settings.home, STORED).item()
    runs = query(settings.home, "SELECT count(*) FROM runs").item()
    told = f"{runs:,} runs, DuckDB {duckdb.__version__}, storage {storage}"
    missing = set(sql.VIEWS) - set(query(settings.home, VIEWS)["view_name"])
    if missing:
        fix = "The next run that is published adds them."
        lacks = f"of an older palate: it lacks {len(missing)} views"
        return [warn("results", f"{told}; {lacks}", fix)]
    return [ok("results", told)]


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
            (said,) = ledger.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        return [fail("ledger", f"{file}: {said}", fix)]
    return [ok("ledger", f"{file} is whole")]


async def _check_postgres(url: URL) -> Finding:
    """Says where, never with what password."""
    where = f"Postgres at {url.host or 'a socket'}"
    engine = create_async_engine(url, hide_parameters=True)
    try:
        async with asyncio.timeout(SECONDS), engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:  # whatever a driver raises, told without what was sent
        broken: LedgerError = Database(url).broken("reached", error)
        return fail("ledger", broken.what, broken.fix)
    finally:
        await engine.dispose()
    return ok("ledger", f"{where} answers")
