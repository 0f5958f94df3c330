import sqlite3
from contextlib import closing

import duckdb
import pytest

from flows.doctor.stores import check_ledger, check_results
from tasks.core.errors import QueryError
from tasks.settings.settings import Settings
from tasks.store.warehouse import database_file, publish
from tests.store.rows import a_run

PASSWORD = "hunter2"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    return tmp_path


def test_before_the_first_night_there_is_nothing_to_find_fault_with(home):
    checked = [*check_results(Settings(home=home)), *check_ledger(Settings(home=home))]
    assert [one.status for one in checked] == ["ok", "ok"] and list(home.iterdir()) == []


def test_results_say_how_many_runs_and_of_which_storage(home):
    publish(home, a_run("run-1"))
    (found,) = check_results(Settings(home=home))
    assert found.status == "ok" and "1 runs" in found.what and "v1.5.0" in found.what


def test_results_of_an_older_palate_are_told(home):
    publish(home, a_run("run-1"))
    with duckdb.connect(database_file(home)) as database:
        database.execute("DROP VIEW nights CASCADE")
    assert check_results(Settings(home=home))[0].status == "warn"


def test_a_results_file_that_is_none_cannot_be_opened(home):
    database_file(home).write_text("my notes")
    with pytest.raises(QueryError):
        check_results(Settings(home=home))


def test_a_ledger_is_read_through_and_a_damaged_one_fails(home):
    file = home / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as ledger:
        ledger.execute("CREATE TABLE scores (score REAL)")
        ledger.executemany("INSERT INTO scores VALUES (?)", [(n,) for n in range(2000)])
        ledger.commit()
    assert check_ledger(Settings(home=home))[0].status == "ok"
    whole = bytearray(file.read_bytes())
    whole[4096:8192] = b"x" * 4096
    file.write_bytes(whole)
    (found,) = check_ledger(Settings(home=home))
    assert found.status == "fail" and "backup" in found.fix


def test_a_postgres_that_is_away_is_told_without_its_password(home, monkeypatch):
    monkeypatch.setenv("PALATE_LEDGER_URL", f"postgresql://me:{PASSWORD}@127.0.0.1:9/ledger")
    (found,) = check_ledger(Settings(home=home))
    assert found.status == "fail" and "127.0.0.1" in found.what
    assert PASSWORD not in str(found)
