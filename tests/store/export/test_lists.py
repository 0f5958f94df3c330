"""Lists of a night in files, tables of real databases, and a real Redis."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl
import pytest

from tasks.core.errors import SettingsError, StoreError
from tasks.core.targets import target_of
from tasks.store.export import keys
from tasks.store.export import lists as exporting
from tasks.store.export.lists import export, night_to_export, whole_lists
from tasks.store.query import stream
from tasks.store.warehouse import publish
from tests.store.rows import a_run
from tests.support.postgres import PASSWORD, Postgres, postgres
from tests.support.redis_server import client_of, redis_server

HOURS = 1.0
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "parquet": pl.read_parquet,
    "jsonl": pl.read_ndjson,
    "ndjson": pl.read_ndjson,
    "csv": pl.read_csv,
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two nights: of 3 users, then of 5."""
    publish(tmp_path / "home", a_run("run-1", users=3))
    publish(tmp_path / "home", a_run("run-2", users=5, title="Späť, \"x\"\n'y'"))
    return tmp_path / "home"


def exported(home: Path, address: str, run_id: str | None = None) -> int:
    return export(home, night_to_export(home, run_id), target_of(address), HOURS)


@pytest.mark.parametrize("kind", READERS)
def test_a_file_holds_the_last_nights_lists_and_again_the_same(home: Path, kind: str) -> None:
    file = home / "out" / f"lists.{kind}"
    assert exported(home, str(file)) == 5
    before = file.read_bytes()
    rows = READERS[kind](file)
    assert rows["user_id"].cast(pl.String).to_list() == ["1", "2", "3", "4", "5"]
    assert rows["title"].unique().to_list() == ["Späť, \"x\"\n'y'"]
    assert exported(home, str(file)) == 5
    assert file.read_bytes() == before and list(file.parent.iterdir()) == [file]


def test_another_night_and_what_is_not_there(home: Path, tmp_path: Path) -> None:
    assert exported(home, str(tmp_path / "a.csv"), "run-1") == 3
    with pytest.raises(StoreError, match="no night run-9"):
        night_to_export(home, "run-9")
    publish(home, {"runs": a_run("run-3")["runs"]})
    with pytest.raises(StoreError, match="run-3: the lists of this night are not kept"):
        night_to_export(home)


def test_an_export_that_fails_leaves_the_file_of_before(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lists.csv"
    exported(home, str(file), "run-1")
    before = file.read_bytes()
    broken(monkeypatch)
    with pytest.raises(RuntimeError, match="broken"):
        exported(home, str(file))
    assert file.read_bytes() == before


def test_a_table_of_sqlite_is_replaced_whole(home: Path, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/shop.db#lists"
    assert exported(home, address, "run-1") == 3
    assert exported(home, address) == exported(home, address) == 5
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        seen = database.execute("SELECT user_id, item_id, rank, run_id FROM lists ORDER BY 1")
        assert seen.fetchall() == [(str(n), "10", 1, "run-2") for n in range(1, 6)]


def test_a_table_that_holds_something_else_is_not_touched(home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("CREATE TABLE orders (id INTEGER, total REAL)")
        database.execute("INSERT INTO orders VALUES (1, 9.5)")
        database.commit()
        with pytest.raises(StoreError, match=r"'orders' has other columns .*total"):
            exported(home, f"sqlite:///{tmp_path}/shop.db#orders")
        assert database.execute("SELECT * FROM orders").fetchall() == [(1, 9.5)]
    with pytest.raises(StoreError, match="cannot be written"):
        exported(home, f"sqlite:///{tmp_path}/nowhere/shop.db")


def test_a_driver_that_is_missing_is_named(home: Path) -> None:
    with pytest.raises(SettingsError, match="driver of this database is not installed"):
        exported(home, "mysql+nothing://db/shop")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def test_postgres_shows_the_old_lists_until_the_new_ones_are_whole(
    home: Path, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTS_PW", PASSWORD)
    database = server.new_database()
    server.query(database, "CREATE SCHEMA mart")
    address = f"postgresql://postgres:$LISTS_PW@/{database}?host={server.folder}#mart.lists"
    assert exported(home, address, "run-1") == 3
    with monkeypatch.context() as patch:
        broken(patch)
        with pytest.raises(RuntimeError, match="broken"):
            exported(home, address)
    assert server.query(database, "SELECT DISTINCT run_id, count(*) OVER () FROM mart.lists") == [
        ("run-1", 3)
    ]
    assert exported(home, address) == 5
    rows = server.query(database, "SELECT user_id, title FROM mart.lists ORDER BY user_id")
    assert rows[0] == ("1", "Späť, \"x\"\n'y'") and len(rows) == 5
    for wrong, says in (
        (address.replace("mart.", "other."), "no schema 'other'"),
        (address.replace(f"/{database}", "/not_there"), "not_there"),
        (address.replace(server.folder, "/nowhere"), "cannot be written"),
    ):
        with pytest.raises(StoreError, match=says) as failed:
            exported(home, wrong)
        assert PASSWORD not in str(failed.value)


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    with redis_server() as running:
        yield running


@pytest.fixture
def address(socket: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LISTS_PW", PASSWORD)
    client_of(socket).flushall()
    return f"unix://:$LISTS_PW@{socket}#recs"


def test_redis_holds_a_list_per_user_that_expires(home: Path, socket: Path, address: str) -> None:
    client = client_of(socket)
    assert exported(home, address) == exported(home, address) == 5
    assert sorted(client.keys()) == ["recs", *(f"recs:{n}" for n in range(1, 6))]
    [place] = json.loads(client.get("recs:3"))
    assert (place["item_id"], place["rank"]) == ("10", 1) and place["title"].startswith("Späť")
    assert 3500 < client.ttl("recs:3") <= 3600
    assert json.loads(client.get("recs")) == {"run_id": "run-2", "users": 5, "complete": True}


def test_an_export_to_redis_is_carried_on(
    home: Path, socket: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(socket)
    monkeypatch.setattr(keys, "USERS_AT_ONCE", 2)
    with monkeypatch.context() as patch:
        chunks = keys._chunks
        patch.setattr(keys, "_chunks", lambda lists: failing_after(chunks(lists), 2, OSError))
        with pytest.raises(StoreError, match="cannot be written"):
            exported(home, address)
    assert json.loads(client.get("recs")) == {"run_id": "run-2", "users": 4, "complete": False}
    client.set("recs:1", "as it was", ex=3600)
    assert exported(home, address) == 5
    assert client.get("recs:1") == "as it was", "what was done is not done again"
    assert json.loads(client.get("recs"))["complete"]
    exported(home, address)
    assert client.get("recs:1") != "as it was", "a whole export is written anew"


def test_redis_that_is_away_wrong_or_used_by_others_says_so(
    home: Path, socket: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_of(socket).set("recs", "mine")
    with pytest.raises(StoreError, match="'recs' holds something else"):
        exported(home, address)
    assert client_of(socket).get("recs") == "mine"
    with pytest.raises(StoreError, match=r"unix:///nowhere#recs: .* cannot be written"):
        exported(home, "unix:///nowhere#recs")
    monkeypatch.setenv("LISTS_PW", "another-sentinel")
    with pytest.raises(StoreError, match="cannot be written") as failed:
        exported(home, address)
    assert "another-sentinel" not in str(failed.value)


def test_no_users_list_is_parted(home: Path) -> None:
    rows = pl.DataFrame({"user_id": list("aaabbc"), "rank": [1, 2, 3, 1, 2, 1]})
    parts = list(whole_lists(iter([rows.clear(), rows[:2], rows[2:4], rows[4:]])))
    assert pl.concat(parts).equals(rows)
    assert [part["user_id"].unique(maintain_order=True).to_list() for part in parts] == [
        *(["a"], ["b"], ["c"])
    ]


def broken(patch: pytest.MonkeyPatch) -> None:
    """The rows end with an error, in the middle."""
    whole = stream

    def breaking(*given):
        @contextmanager
        def rows():
            with whole(*given) as batches:
                yield failing_after(batches, 2, RuntimeError)

        return rows()

    patch.setattr(exporting, "stream", breaking)


def failing_after(batches, count, error):
    for _ in range(count):
        yield next(batches)
    raise error("broken")
