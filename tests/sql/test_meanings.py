from pathlib import Path

import duckdb
import pytest

import sql
from tasks.store.query import query
from tasks.store.warehouse import TABLES, database_file, publish
from tests.store.rows import a_run
from tests.support.in_process import run_here

COLUMNS = """
    SELECT table_name AS table, column_name AS column, comment
    FROM duckdb_columns() WHERE NOT internal ORDER BY ALL
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Published twice: the second time tables and comments are there already."""
    home = tmp_path_factory.mktemp("home")
    for run_id in ("run-1", "run-2"):
        publish(home, a_run(run_id))
    return home


def test_every_column_of_every_table_and_view_has_a_comment(home):
    columns = query(home, COLUMNS)
    assert set(columns["table"]) == {*TABLES, *sql.VIEWS}
    without = [row[:2] for row in columns.iter_rows() if not (row[2] or "").strip()]
    assert without == []


def test_a_comment_says_what_the_column_means_there(home):
    meant = {row[:2]: row[2] for row in query(home, COLUMNS).iter_rows()}
    assert meant["runs", "model_from"] == "run that fitted the base model"
    assert meant["guard", "users"] == "with a list before and a new rating since"
    assert meant["latest_run", "users"] == meant["runs", "users"] == "users served"
    assert meant["losers", "came_from"] == meant["worse_lists", "came_from"]
    assert "method's own" in meant["guard", "segment"], "a quote in a text is one in the comment"


def test_no_meaning_is_of_a_column_that_is_gone(home):
    columns = query(home, COLUMNS)
    there = set(columns.select("table", "column").iter_rows()) | {
        ("every", name) for name in columns["column"]
    }
    meant = {(table, name) for table, names in sql.meanings().items() for name in names}
    assert meant - there == set()


def test_what_somebody_added_to_the_file_stays_without_comments(tmp_path: Path):
    publish(tmp_path, a_run("run-1"))
    with duckdb.connect(database_file(tmp_path)) as database:
        database.execute("CREATE TABLE mine (users INTEGER)")
        database.execute("ALTER TABLE guard ADD COLUMN mine INTEGER")
    publish(tmp_path, a_run("run-2"))
    added = f'SELECT comment FROM ({COLUMNS}) WHERE \'mine\' IN ("table", "column")'
    assert query(tmp_path, added).rows() == [(None,), (None,)]
    shown = run_here("tables", "mine", "--home", tmp_path)
    assert shown.returncode == 0 and "users" in shown.stdout


@pytest.mark.parametrize("name", ["guard", "Guard", "latest_run"])
def test_the_columns_of_a_table_are_shown_with_their_meanings(home, name):
    shown = " ".join(run_here("tables", name, "--home", home).stdout.split())
    assert "VARCHAR" in shown
    assert ("with a list before" in shown) == (name.lower() == "guard")
    assert ("users served" in shown) == (name == "latest_run")
