from pathlib import Path

import sql
from tasks.store.query import query
from tasks.store.warehouse import publish
from tests.store.rows import a_run
from tests.support.in_process import run_here

SCREEN = 50


def test_every_table_and_view_is_listed_on_one_screen_with_what_it_holds(tmp_path: Path) -> None:
    publish(tmp_path, a_run("run-1"))
    there = query(tmp_path, "SELECT table_name FROM information_schema.tables")["table_name"]
    assert set(sql.tables()) == set(there)
    said = run_here("tables").stdout
    assert len(said.splitlines()) == len(there) + 1 < SCREEN
    assert all(name in said for name in there)


def test_the_columns_of_one_are_listed_and_a_slip_is_answered_with_its_neighbour(
    tmp_path: Path,
) -> None:
    publish(tmp_path, a_run("run-1"))
    done = run_here("tables", "guard", "--home", tmp_path)
    assert "segment" in done.stdout and "VARCHAR" in done.stdout
    slip = run_here("tables", "gaurd", "--home", tmp_path)
    assert slip.returncode == 1 and "Nearest: guard" in slip.stderr
