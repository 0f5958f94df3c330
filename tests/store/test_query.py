from pathlib import Path

import polars as pl
import pytest

from tasks.core.errors import StoreError
from tasks.store.query import query, stream
from tasks.store.warehouse import publish
from tests.store.rows import a_run


@pytest.fixture
def home(tmp_path):
    publish(tmp_path, a_run("run-1"))
    return tmp_path


def test_a_large_answer_comes_in_batches_in_order_after_its_columns(home):
    with stream(home, "SELECT range AS n FROM range(300_000) ORDER BY n") as batches:
        columns, *rest = batches
    assert columns.height == 0 and columns.columns == ["n"] and len(rest) > 1
    assert pl.concat(rest)["n"].equals(pl.Series("n", range(300_000)))


def test_a_failure_in_the_middle_of_the_rows_shows_the_statement(home):
    failing = "SELECT CASE WHEN range = 250000 THEN error('boom') ELSE 1 END FROM range(300000)"
    with pytest.raises(StoreError, match="boom") as told, stream(home, failing) as batches:
        list(batches)
    assert failing in told.value.what


def test_what_goes_wrong_with_the_rows_elsewhere_is_not_blamed_on_the_statement(home):
    with pytest.raises(OSError, match="disk full"), stream(home, "FROM runs") as batches:
        next(batches)
        raise OSError("disk full")


def test_a_wrong_statement_says_where_names_are_listed(home):
    with pytest.raises(StoreError, match="palate tables"):
        query(home, "FROM nowhere")
    with pytest.raises(StoreError, match="palate tables"), stream(home, "FROM nowhere"):
        pass


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("FROM latest_recomendations", "latest_recommendations"),
        ("SELECT usr FROM latest_recommendations", "user"),
        ("SELECT reranked_rnk FROM ranked_items", "reranked_rank"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    tmp_path: Path, statement: str, name: str
) -> None:
    publish(tmp_path, a_run("run-1"))
    with pytest.raises(StoreError) as error:
        query(tmp_path, statement)
    assert error.value.fix.startswith("Nearest: ") and name in error.value.fix.split(". ")[0]


def test_a_statement_that_is_wrong_otherwise_names_no_neighbours(tmp_path: Path) -> None:
    publish(tmp_path, a_run("run-1"))
    with pytest.raises(StoreError) as error:
        query(tmp_path, "SELECT 1 +")
    assert "Nearest" not in error.value.fix
