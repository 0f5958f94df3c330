"""What the ledger's databases promise when much happens at once, and when they fail."""

import asyncio
import logging
import os
import sqlite3
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import event, insert, text

from tasks.core.errors import LedgerError
from tasks.core.secrets import Secrets
from tasks.llm.ledger import database as database_module
from tasks.llm.ledger.database import Database, ledger_url
from tasks.llm.ledger.ledger import Ledger, open_ledger
from tasks.llm.ledger.tables import requests
from tasks.llm.requests import Reply
from tests.llm.ledger.conftest import JUDGE, MODEL, REQUEST, SECONDS, Other, Place, tried
from tests.support.postgres import PASSWORD

pytestmark = pytest.mark.anyio


async def begun(ledger: Ledger) -> str:
    return await ledger.begin(REQUEST, MODEL)


async def begin_until_it_fails(ledger: Ledger) -> tuple[set[str], LedgerError]:
    """Requests that were committed, and the error that ended them."""
    made: set[str] = set()
    try:
        while True:
            made.add(await begun(ledger))
    except LedgerError as error:
        return made, error


def chain_of(error: BaseException | None) -> list[BaseException]:
    """An error, and all that led to it, also what is not shown."""
    if error is None:
        return []
    return [error, *chain_of(error.__cause__), *chain_of(error.__context__)]


def assert_secret_is_kept(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    told = ["".join(traceback.format_exception(e)) + repr(e) for e in chain_of(error)]
    assert not [words for words in [*told, caplog.text] if PASSWORD in words]


def assert_intact(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# Many changes at once


async def test_every_change_is_durable_when_it_returns(ledger: Ledger, place: Place) -> None:
    missing = []

    async def begin_and_look() -> None:
        made = await begun(ledger)
        if made not in await place.ids():
            missing.append(made)

    await asyncio.gather(*(begin_and_look() for _ in range(40)))
    assert missing == [] and len(await place.ids()) == 40


async def test_changes_that_come_together_share_a_commit(ledger: Ledger, place: Place) -> None:
    commits: list[object] = []
    engine = ledger.database._open_engine().sync_engine
    event.listen(engine, "commit", commits.append)
    made = await asyncio.gather(*(begun(ledger) for _ in range(300)))
    assert await place.ids() == set(made)
    assert 1 <= len(commits) <= 5


async def test_a_change_that_fails_takes_nobody_elses_data_with_it_unsaid(
    ledger: Ledger, place: Place
) -> None:
    begun_before = await begun(ledger)
    row = ledger.request_row(REQUEST, MODEL)
    doubled = (insert(requests), row | {"id": begun_before})
    rows = [ledger.request_row(REQUEST, MODEL) for _ in range(30)]
    changes = [ledger.database.change((insert(requests), row)) for row in rows]
    changes.insert(15, ledger.database.change((insert(requests), row), doubled))
    results = await asyncio.gather(*map(tried, changes))
    bad, kept = results.pop(15), await place.ids()
    assert bad is not None and row["id"] not in kept
    for companion, error in zip(rows, results, strict=True):
        assert (companion["id"] in kept) == (error is None)
    assert await begun(ledger) in await place.ids()


async def test_who_no_longer_waits_for_a_change_harms_no_other(
    ledger: Ledger, place: Place
) -> None:
    changes = [asyncio.create_task(begun(ledger)) for _ in range(10)]
    await asyncio.sleep(0)
    changes[3].cancel()
    done = await asyncio.gather(*changes, return_exceptions=True)
    made = {result for result in done if isinstance(result, str)}
    assert len(made) == 9 and made <= await place.ids()
    assert await begun(ledger) in await place.ids()


@pytest.mark.parametrize("head_start", [0, 3])
async def test_closing_commits_what_was_begun(place: Place, head_start: int) -> None:
    async with place.opened() as ledger:
        changes = [asyncio.create_task(begun(ledger)) for _ in range(10)]
        for _ in range(head_start + 1):
            await asyncio.sleep(0)
    async with asyncio.timeout(2):
        made = await asyncio.gather(*changes)
    assert set(made) == await place.ids()


async def test_a_closed_ledger_refuses_instead_of_waiting_forever(place: Place) -> None:
    async with place.opened() as ledger:
        pass
    async with asyncio.timeout(2):
        with pytest.raises(LedgerError):
            await begun(ledger)


async def test_a_ledger_that_is_not_open_refuses(place: Place) -> None:
    never_opened = place.ledger()
    async with asyncio.timeout(2):
        with pytest.raises(LedgerError, match="not open"):
            await never_opened.in_doubt()
        with pytest.raises(LedgerError, match="not open"):
            await begun(never_opened)


async def test_processes_that_come_first_at_the_same_time_both_create_the_tables(
    place: Place, another: Callable[[], Other], tmp_path: Path
) -> None:
    both = another(), another()
    await asyncio.gather(*(other.ask("ready") for other in both))
    places = [place]
    for attempt in range(5):
        places.append(Place(tmp_path / str(attempt)))
        if place.server:
            name = await asyncio.to_thread(place.server.new_database)
            places[-1] = Place(place.home, place.server.address(name), place.server)
    for where in places:
        for other in both:
            other.tell("open", where.home, where.address, 5.0)
        await asyncio.gather(*(other.hear() for other in both))
        made = {await other.ask("begin") for other in both}
        assert await where.ids() == made
        for other in both:
            await other.ask("close")


# A file


async def test_a_file_is_written_ahead_and_synchronised_on_every_connection(
    in_file: Place,
) -> None:
    async with in_file.opened() as ledger:
        modes = [ledger.database.rows(text("PRAGMA journal_mode")) for _ in range(4)]
        levels = [ledger.database.rows(text("PRAGMA synchronous")) for _ in range(4)]
        assert [list(rows) for rows in await asyncio.gather(*modes)] == [[("wal",)]] * 4
        assert [list(rows) for rows in await asyncio.gather(*levels)] == [[(2,)]] * 4


async def test_a_home_may_have_any_name(tmp_path: Path) -> None:
    place = Place(tmp_path / "a b?c=%41&é#:@")
    async with place.opened() as ledger:
        made = await begun(ledger)
        assert await place.ids() == {made}
    assert place.file.is_file()


async def test_a_file_locked_for_too_long_is_named_and_not_half_written(in_file: Place) -> None:
    async with in_file.opened(busy_seconds=0.3) as ledger:
        made = await begun(ledger)
        with closing(sqlite3.connect(in_file.file, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            scores = ledger.keep_scores(made, JUDGE, "p", {"a": 0.5})
            error = await tried(ledger.finish(made, Reply("answered"), answers=scores))
            holder.execute("ROLLBACK")
        assert error and str(in_file.file) in error.what and "locked" in error.what
        assert "no other program holds it" in error.fix
        assert await in_file.outcomes() == {made: None}
        await ledger.finish(made, Reply("answered"), answers=scores)
        assert await in_file.outcomes() == {made: "answered"}
        assert await in_file.seen("SELECT item FROM scores") == [("a",)]


async def test_a_file_locked_for_a_while_is_waited_for(in_file: Place) -> None:
    async with in_file.opened(busy_seconds=10) as ledger:
        with closing(sqlite3.connect(in_file.file, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            changes = [asyncio.create_task(begun(ledger)) for _ in range(3)]
            await asyncio.sleep(0.3)
            assert not any(change.done() for change in changes)
            holder.execute("ROLLBACK")
            assert set(await asyncio.gather(*changes)) == await in_file.ids()


async def test_a_full_database_fails_clearly_and_keeps_what_it_said_it_kept(
    in_file: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable = database_module._durable

    def small(connection: sqlite3.Connection, record: object) -> None:
        durable(connection, record)
        connection.execute("PRAGMA max_page_count=30")

    monkeypatch.setattr(database_module, "_durable", small)
    async with in_file.opened() as ledger:
        made, error = await begin_until_it_fails(ledger)
        assert made and await in_file.ids() == made
        assert str(in_file.file) in error.what and "full" in error.what
        assert "free space" in error.fix
    assert_intact(in_file.file)
    monkeypatch.setattr(database_module, "_durable", durable)
    async with in_file.opened() as ledger:
        more = await begun(ledger)
        assert await in_file.ids() == made | {more}


async def test_a_file_that_may_not_grow_fails_clearly_and_keeps_what_it_said_it_kept(
    in_file: Place, another: Callable[[], Other]
) -> None:
    other = another()
    await other.open(in_file)
    await other.ask("write_at_most", 300_000)
    made, error = await other.ask("begin_until_it_fails")
    assert made and str(in_file.file) in error and "free space" in error
    other.kill()
    assert_intact(in_file.file)
    async with in_file.opened() as ledger:
        more = await begun(ledger)
        assert await in_file.outcomes() == dict.fromkeys(made, "lost") | {more: None}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte; `remount` makes it larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("needs to mount a small disk, which is not allowed here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_a_full_disk_fails_clearly_and_keeps_what_it_said_it_kept(small_disk: Path) -> None:
    place = Place(small_disk / "home")
    async with place.opened() as ledger:
        made, error = await begin_until_it_fails(ledger)
        assert made and await place.ids() == made
        assert str(place.file) in error.what and "free space" in error.fix
        again, _ = await begin_until_it_fails(ledger)
    filler = small_disk / "filler"
    filler.write_bytes(b"")
    while not full(filler):
        pass
    refused = await tried(place.ledger().open())
    filler.unlink()
    assert refused is None or str(place.file) in refused.what
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    assert_intact(place.file)
    async with place.opened() as ledger:
        more = await begun(ledger)
        assert await place.ids() == made | again | {more}


def full(filler: Path) -> bool:
    try:
        with filler.open("ab") as file:
            file.write(b"x" * 4096)
    except OSError:
        return True
    return False


async def test_a_file_that_is_no_database_is_named_and_left_alone(in_file: Place) -> None:
    in_file.home.mkdir()
    in_file.file.write_bytes(written := b"title,year\nHeat,1995\n" * 100)
    error = await tried(in_file.ledger().open())
    assert error and str(in_file.file) in error.what and "not a database" in error.what
    assert in_file.file.read_bytes() == written


async def test_a_folder_in_the_files_place_is_named(in_file: Place) -> None:
    in_file.file.mkdir(parents=True)
    error = await tried(in_file.ledger().open())
    assert error and str(in_file.file) in error.what


async def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = Place(tmp_path / "file" / "home")
    error = await tried(place.ledger().open())
    assert error and str(place.home) in error.what


@pytest.mark.parametrize("there", [False, True])
async def test_a_folder_that_may_not_be_written_is_named(
    another: Callable[[], Other], there: bool
) -> None:
    other = another()
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to others
        place = Place(Path(folder))
        if there:
            async with place.opened() as ledger:
                await begun(ledger)
            for file in place.home.iterdir():
                file.chmod(0o444)
        place.home.chmod(0o555)
        await other.ask("have_no_privileges")
        with pytest.raises(LedgerError) as caught:
            await other.open(place)
        assert str(place.file) in str(caught.value)
        place.home.chmod(0o755)


# Postgres


async def test_a_postgres_that_goes_away_is_named_without_its_password(
    in_postgres: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = in_postgres.server
    assert server
    async with in_postgres.opened() as ledger:
        kept = await begun(ledger)
        await asyncio.to_thread(server.stop)
        try:
            for work in (begun(ledger), ledger.in_doubt(), begun(ledger)):
                error = await tried(work)
                assert error and server.folder in error.what.replace("%2F", "/")
                assert_secret_is_kept(error, caplog)
            lost_claim = await tried(ledger.claims.take("a person"))
            assert lost_claim
            assert_secret_is_kept(lost_claim, caplog)
            refused = await tried(in_postgres.ledger().open())
            assert refused
            assert_secret_is_kept(refused, caplog)
        finally:
            await asyncio.to_thread(server.start)
        assert await in_postgres.ids() == {kept}
    async with in_postgres.opened() as ledger:
        assert await ledger.in_doubt() == 1


async def test_a_postgres_that_lets_nobody_in_any_more_is_an_error_of_the_ledger(
    in_postgres: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with in_postgres.opened() as ledger:
        await begun(ledger)
        [(name,)] = await in_postgres.seen("SELECT current_database()")
        assert in_postgres.server
        for statement in (
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        ):
            await asyncio.to_thread(in_postgres.server.query, "postgres", statement)
        for work in (ledger.in_doubt(), ledger.in_doubt(), begun(ledger)):
            error = await tried(work)
            assert error
            assert_secret_is_kept(error, caplog)


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace("/test_", "/no_test_"),
        lambda address: address.replace("postgres:", "somebody:"),
        lambda address: f"{address}&no_such_option=1",
        lambda address: address.replace(f":{PASSWORD}@", "@") + f"0&password={PASSWORD}",
        lambda address: f"postgresql://somebody:{PASSWORD}@127.0.0.1:1/palate",
        lambda address: f"postgresql://somebody:{PASSWORD}@127.0.0.1:99999/palate",
        lambda address: f"postgresql://somebody:{PASSWORD}@palate.invalid/palate",
    ],
    ids=["database", "user", "option", "password-option", "refused", "port", "host"],
)
async def test_a_postgres_that_cannot_be_opened_is_an_error_without_its_password(
    in_postgres: Place,
    change: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = Place(in_postgres.home, change(in_postgres.address or ""))
    with pytest.raises(LedgerError, match=r"postgresql://|PALATE_LEDGER_URL") as caught:
        await wrong.ledger().open()
    assert_secret_is_kept(caught.value, caplog)


async def test_a_server_that_says_nothing_is_an_error_in_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    place = Place(tmp_path, f"postgresql://somebody:{PASSWORD}@127.0.0.1:{port}/palate")
    async with asyncio.timeout(SECONDS):
        with pytest.raises(LedgerError, match=r"127\.0\.0\.1") as caught:
            await place.ledger(busy_seconds=0.2).open()
    silent.close()
    assert_secret_is_kept(caught.value, caplog)


async def test_an_error_without_a_message_does_not_end_the_writing(
    ledger: Ledger, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(_database: Database, _changes: object) -> None:
        raise TimeoutError

    async with asyncio.timeout(2):
        with monkeypatch.context() as patch:
            patch.setattr(Database, "_commit", late)
            assert await tried(begun(ledger))
        assert await begun(ledger) in await place.ids()


@pytest.mark.parametrize(
    "address",
    [
        "",
        PASSWORD,
        f"not an address {PASSWORD}",
        f"postgresql:/somebody:{PASSWORD}@host/palate",
        f"postgresql://somebody:{PASSWORD}@host:port/palate",
        f"postgresql://somebody:{PASSWORD}@[::1/palate",
        f"postgresql://somebody@host:{PASSWORD}/palate",
        f"mysql://somebody:{PASSWORD}@host/palate",
        f"nothing+known://somebody:{PASSWORD}@host/palate",
        f"sqlite:////tmp/{PASSWORD}.sqlite",
    ],
)
async def test_an_address_of_no_postgres_is_refused_without_its_password(
    tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = Secrets(palate_ledger_url=SecretStr(address))
    with pytest.raises(LedgerError) as caught:
        await open_ledger(tmp_path, secrets)
    assert "PALATE_LEDGER_URL" in caught.value.what and "postgresql://" in caught.value.fix
    assert_secret_is_kept(caught.value, caplog)
    assert list(tmp_path.iterdir()) == []


def test_any_driver_of_postgres_is_meant(tmp_path: Path) -> None:
    for driver in ("postgresql", "postgresql+psycopg2", "postgresql+asyncpg"):
        secrets = Secrets(palate_ledger_url=SecretStr(f"{driver}://u:{PASSWORD}@h:5433/d"))
        url = ledger_url(tmp_path, secrets)
        assert url.drivername == "postgresql+asyncpg"
        assert (url.username, url.password, url.host, url.port, url.database) == (
            "u",
            PASSWORD,
            "h",
            5433,
            "d",
        )
