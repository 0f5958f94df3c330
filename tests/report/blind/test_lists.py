"""Which lists of the results file are compared."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from tasks.core.artifacts import write_table
from tasks.core.errors import StoreError, UnknownListsError
from tasks.report.blind.lists import lists_of_night
from tasks.report.blind.pair import Shown
from tasks.store.warehouse import database_file, publish
from tests.report.blind.samples import a_night

GUARDED = {"Alien": (1, 1, 3), "Heat": (2, 2, 1), "Smoke": (3, 3, 2)}
"""Base lists were published; the re-ranker would have put Heat and Smoke first."""


def titles(items: tuple[Shown, ...]) -> list[str]:
    return [item.title for item in items]


def test_the_re_rankers_list_is_compared_though_the_base_list_was_published(tmp_path: Path):
    publish(tmp_path, a_night("run-1", GUARDED))
    pair = lists_of_night(tmp_path, "1")
    assert (titles(pair.base), titles(pair.reranked)) == (["Alien", "Heat"], ["Heat", "Smoke"])
    assert (pair.run_id, pair.user, pair.dataset, pair.model) == ("run-1", "1", "made-up", "svd")
    assert pair.base[0] == Shown(item="alien", title="Alien", year=1995)


@pytest.mark.parametrize("older", [False, True])
def test_rows_of_before_the_guard_are_read_by_rank(tmp_path: Path, older: bool):
    publish(tmp_path, a_night("run-1", {"Alien": (1, 2, None), "Heat": (2, 1, None)}, top=1))
    if older:
        with duckdb.connect(database_file(tmp_path)) as database:
            database.execute("ALTER TABLE ranked_items DROP COLUMN reranked_rank")
    pair = lists_of_night(tmp_path, "1")
    assert (titles(pair.base), titles(pair.reranked)) == (["Alien"], ["Heat"])


def test_the_last_night_is_taken_unless_another_is_named(tmp_path: Path):
    for run_id, title in (("run-1", "Alien"), ("run-2", "Heat")):
        publish(tmp_path, a_night(run_id, {title: (1, 1, 1)}))
    assert titles(lists_of_night(tmp_path, "1").base) == ["Heat"]
    assert titles(lists_of_night(tmp_path, "1", "run-1").base) == ["Alien"]


def test_genres_come_from_the_catalogue_that_has_these_items_by_these_titles(tmp_path: Path):
    publish(tmp_path, a_night("run-1", GUARDED))
    names = ["Alien", "Heat", "Smoke", "Other"]
    ids, genres = [name.lower() for name in names], ["Sci-Fi|Horror", None, "Drama", "Drama"]
    mine = {"item": ids, "title": names, "genres": genres}
    write_table(tmp_path, "items", pl.DataFrame(mine))
    write_table(tmp_path, "items", pl.DataFrame(mine | {"title": names[::-1], "genres": names}))
    (tmp_path / "artifacts" / "items" / "torn.parquet").write_bytes(b"PAR1 and no more")
    pair = lists_of_night(tmp_path, "1")
    assert [item.genres for item in pair.base] == ["Sci-Fi|Horror", None]
    assert [item.genres for item in pair.reranked] == [None, "Drama"]


def test_what_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(StoreError, match="no results yet"):
        lists_of_night(tmp_path, "1")
    publish(tmp_path, a_night("run-1", GUARDED))
    with pytest.raises(UnknownListsError, match="no list for user 2"):
        lists_of_night(tmp_path, "2")
    with pytest.raises(UnknownListsError, match="no night run-7"):
        lists_of_night(tmp_path, "1", "run-7")
    with pytest.raises(UnknownListsError, match="no list for user"):
        lists_of_night(tmp_path, "1' OR user = '1")
