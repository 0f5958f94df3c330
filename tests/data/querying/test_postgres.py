"""The same queries of a real Postgres: its types, its passwords, its transactions."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.core.artifacts import read_table, scan_table
from tasks.core.errors import BadDataError
from tasks.data.catalogue import find
from tasks.data.querying import rows
from tasks.data.stages import ingest
from tests.support.postgres import PASSWORD, Postgres, postgres

SCHEMA = """
CREATE TABLE rated (account uuid, sku text, stars numeric(2, 1), at timestamptz);
CREATE TABLE sold (sku text, name text, year smallint, genres text[]);
INSERT INTO rated
SELECT ('00000000-0000-0000-0000-' || lpad((n % 7)::text, 12, '0'))::uuid, 'b' || n % 11,
       1 + n % 9 / 2.0, CASE WHEN n < 30 THEN NULL ELSE '2021-01-01 02:00+02'::timestamptz END
FROM generate_series(0, 76) n;
INSERT INTO sold SELECT 'b' || n, 'Book ' || n, 1990 + n, ARRAY['Drama', 'War']
FROM generate_series(0, 10) n
"""
TOML = """name = "shop"
data = "postgresql://postgres:$SHOP_PW@/DATABASE?host=FOLDER"

[queries]
ratings = "SELECT account AS uid, sku, stars, at AS time FROM rated WHERE sku LIKE 'b%' -- a:b 50 %"
items = "SELECT sku, name, year, genres FROM sold;"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def database(server: Postgres) -> str:
    name = server.new_database()
    for statement in SCHEMA.split(";"):
        server.query(name, statement)
    return name


@pytest.fixture
def folder(
    tmp_path: Path, server: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setenv("SHOP_PW", PASSWORD)
    made = tmp_path / "shop"
    made.mkdir()
    toml = TOML.replace("DATABASE", database).replace("FOLDER", server.folder)
    (made / "dataset.toml").write_text(toml)
    return made


def test_its_types_are_read_a_chunk_at_a_time(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 10)
    dataset = ingest(home, str(folder))
    ratings = read_table(home, dataset.ratings)
    assert ratings.height == 77
    assert ratings["user"].unique().sort().to_list()[0] == "00000000-0000-0000-0000-000000000000"
    assert (ratings["rating"].min(), ratings["rating"].max()) == (1.0, 5.0)
    assert ratings["timestamp"].null_count() == 30
    assert set(ratings["timestamp"].drop_nulls()) == {1_609_459_200}
    item = read_table(home, dataset.items).row(0, named=True)
    assert (item["title"], item["year"], item["genres"]) == ("Book 0", 1990, "Drama|War")


def test_nothing_that_is_kept_or_said_holds_the_password(home: Path, folder: Path) -> None:
    source = find(str(folder), home)
    assert "77 ratings, 11 items read from postgresql:///test_" in source.said
    assert PASSWORD not in repr(source) + str(ingest(home, str(folder)).remarks)
    assert not [file for file in home.rglob("*.*") if PASSWORD.encode() in file.read_bytes()]


def test_both_queries_are_of_one_moment(
    home: Path, folder: Path, server: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = rows.Statement.keep

    def keep_and_change(self: rows.Statement, *given: object) -> object:
        kept = keep(self, *given)  # type: ignore[arg-type]
        insert = f"INSERT INTO sold VALUES ('late {self.origin.name}')"
        with ThreadPoolExecutor() as elsewhere:  # a loop runs in this thread
            elsewhere.submit(server.query, database, insert).result()
        return kept

    monkeypatch.setattr(rows.Statement, "keep", keep_and_change)
    source = find(str(folder), home)
    assert source.queried is not None and source.queried.tables["items"].rows == 11
    assert scan_table(home, source.queried.tables["items"]).collect()["sku"].to_list()[-1] == "b10"
    server.query(database, "DELETE FROM sold WHERE sku LIKE 'late%'")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("FROM sold", "FROM books", r'items: the statement failed \(relation "books" does not ex'),
        (
            "SELECT sku, name",
            "WITH x AS (DELETE FROM sold RETURNING *) SELECT sku, name",
            "read-",
        ),
        ("at AS time FROM rated", "1 / (stars - 5) FROM rated", r"ratings: .*division by zero"),
        ("@/test_", "@/none_", r"column 'data': postgresql:///none_\d+ cannot be read"),
        ("$SHOP_PW", "xyzzy-sentinel", "column 'data': .*password must not stand in a setting"),
    ],
)
def test_what_it_refuses_is_one_line_without_the_password(
    home: Path, folder: Path, old: str, new: str, says: str
) -> None:
    toml = folder / "dataset.toml"
    assert old in toml.read_text()
    toml.write_text(toml.read_text().replace(old, new))
    with pytest.raises(BadDataError, match=says) as refused:
        ingest(home, str(folder))
    said = str(refused.value)
    assert "\n" not in said and PASSWORD not in said and str(toml) in said
