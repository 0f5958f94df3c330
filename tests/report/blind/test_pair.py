import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pytest
from scipy.stats import binomtest

import sql
from tasks.core.errors import StoreError
from tasks.report.blind.pair import (
    Chosen,
    Draw,
    ListedItem,
    ListName,
    Pair,
    choice_row,
    draw,
    keep_choice,
    lists_of_night,
)
from tasks.store.query import query
from tasks.store.warehouse import database_file, publish
from tests.report.blind.samples import a_night, a_pair, shown


def test_the_draw_is_fair_and_its_seed_gives_it_again():
    firsts = [draw(seed).first for seed in range(4_000)]
    assert abs(firsts.count("base") - 2_000) < 160  # five standard deviations
    assert draw(17) == draw(17)
    in_a_row = sum(one == two for one, two in pairwise(firsts))
    assert abs(in_a_row - 2_000) < 160


def test_the_list_that_was_drawn_first_is_a():
    drawn = Draw(seed=0, first="reranked")
    assert (drawn.list_at("A"), drawn.list_at("B")) == ("reranked", "base")
    assert (drawn.letter_of("base"), drawn.letter_of("reranked")) == ("B", "A")


def test_another_order_of_the_same_items_is_another_list():
    assert not a_pair(base=shown("Heat", "Smoke"), reranked=shown("Smoke", "Heat")).same
    assert a_pair(base=shown("Heat", "Smoke"), reranked=shown("Heat", "Smoke")).same


GUARDED = {"Alien": (1, 1, 3), "Heat": (2, 2, 1), "Smoke": (3, 3, 2)}
"""Base lists were published; the re-ranker would have put Heat and Smoke first."""


def titles(items: tuple[ListedItem, ...]) -> list[str]:
    return [item.title for item in items]


def test_the_re_rankers_list_is_compared_though_the_base_list_was_published(tmp_path: Path):
    publish(tmp_path, a_night("run-1", GUARDED))
    pair = lists_of_night(tmp_path, "1")
    assert (titles(pair.base), titles(pair.reranked)) == (["Alien", "Heat"], ["Heat", "Smoke"])
    assert (pair.run_id, pair.user, pair.dataset, pair.model) == ("run-1", "1", "made-up", "svd")
    assert pair.base[0] == ListedItem(item="alien", title="Alien", year=1995)


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


def test_genres_are_those_of_the_night_and_missing_in_older_files(tmp_path: Path):
    night = a_night("run-1", GUARDED)
    publish(tmp_path, night)
    assert {item.genres for item in lists_of_night(tmp_path, "1").base} == {None}
    later = a_night("run-2", GUARDED)
    genres = pl.col("title") + "|Drama"
    publish(tmp_path, later | {"ranked_items": later["ranked_items"].with_columns(genres=genres)})
    pair = lists_of_night(tmp_path, "1")
    for item in (*pair.base, *pair.reranked):
        assert item.genres == f"{item.title}|Drama"


def test_what_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(StoreError, match="no results yet"):
        lists_of_night(tmp_path, "1")
    publish(tmp_path, a_night("run-1", GUARDED))
    with pytest.raises(StoreError, match="no list for user 2"):
        lists_of_night(tmp_path, "2")
    with pytest.raises(StoreError, match="no night run-7"):
        lists_of_night(tmp_path, "1", "run-7")
    with pytest.raises(StoreError, match="no list for user"):
        lists_of_night(tmp_path, "1' OR user = '1")


WHEN = datetime(2026, 3, 1, 20, 15, 30, tzinfo=UTC)
BASE_FIRST = Draw(seed=1, first="base")


def many(pair: Pair, **counts: int) -> pl.DataFrame:
    """So many choices of each kind, named by what was chosen and what stood first."""
    kinds: dict[str, tuple[Chosen, ListName]] = {
        "base_a": ("base", "base"),
        "base_b": ("base", "reranked"),
        "reranked_a": ("reranked", "reranked"),
        "reranked_b": ("reranked", "base"),
        "neither": ("neither", "base"),
    }
    rows = [
        choice_row(pair, Draw(seed=1, first=kinds[kind][1]), kinds[kind][0], 10.0, WHEN)
        for kind, count in counts.items()
        for _ in range(count)
    ]
    table = pl.concat(rows)
    return table.with_columns(id=pl.format("{}-{}", "dataset", pl.row_index()))


def test_a_choice_is_recorded_with_both_lists_and_the_draw(tmp_path: Path):
    pair = a_pair(run_id="run-1", user="42")
    keep_choice(tmp_path, pair, BASE_FIRST, "reranked", 12.5)
    keep_choice(tmp_path, pair, BASE_FIRST, "neither", 3.0)
    first, _ = query(tmp_path, "FROM choices ORDER BY seconds DESC").to_dicts()
    assert json.loads(first["base_items"]) == ["alien", "heat"]
    assert json.loads(first["reranked_items"]) == ["heat", "smoke"]
    recorded = {
        name: first[name] for name in ("run_id", "user", "first", "chosen", "seconds", "seed")
    }
    assert recorded == {
        "run_id": "run-1",
        "user": "42",
        "first": "base",
        "chosen": "reranked",
        "seconds": 12.5,
        "seed": 1,
    }


def test_a_new_person_has_neither_a_night_nor_an_id(tmp_path: Path):
    keep_choice(tmp_path, a_pair(), BASE_FIRST, "base", 1.0)
    assert query(tmp_path, "SELECT run_id, user FROM choices").rows() == [(None, None)]


def test_the_tally_counts_by_data_set_and_method_and_in_all(tmp_path: Path):
    films = many(a_pair(), base_a=1, base_b=1, reranked_a=4, reranked_b=1, neither=3)
    books = many(a_pair(dataset="books", model="ease"), reranked_b=2)
    publish(tmp_path, {"choices": pl.concat([films, books])})
    counted = query(
        tmp_path,
        "SELECT dataset, model, comparisons, preferred_reranked, preferred_base, neither, decided,"
        " a_chosen, reranked_first FROM blind_tally",
    )
    assert counted.rows() == [
        ("books", "ease", 2, 2, 0, 0, 2, 0, 0),
        ("films", "svd", 10, 5, 2, 3, 7, 5, 5),
        ("all", None, 12, 7, 2, 3, 9, 5, 5),
    ]


def test_its_intervals_are_wilsons(tmp_path: Path):
    counts = {"pilot": (5, 2), "none": (0, 4), "every": (9, 0), "many": (60, 40)}
    rows = [
        many(a_pair(dataset=name), reranked_a=reranked, base_a=base, neither=2)
        for name, (reranked, base) in counts.items()
    ]
    publish(tmp_path, {"choices": pl.concat(rows)})
    tally = query(tmp_path, "FROM blind_tally WHERE NOT overall").rows_by_key("dataset", named=True)
    for name, (reranked, base) in counts.items():
        (row,) = tally[name]
        of_reranked = binomtest(reranked, reranked + base).proportion_ci(method="wilson")
        of_a = binomtest(reranked + base, reranked + base).proportion_ci(method="wilson")
        assert (row["share"], row["a_share"]) == (reranked / (reranked + base), 1)
        assert (row["low"], row["high"]) == pytest.approx(tuple(of_reranked), abs=1e-12)
        assert (row["a_low"], row["a_high"]) == pytest.approx(tuple(of_a), abs=1e-12)


def test_the_question_says_only_what_the_interval_shows(tmp_path: Path):
    pilot = many(a_pair(dataset="pilot"), reranked_a=5, base_a=2)
    clear = many(a_pair(dataset="clear"), reranked_a=20, base_b=2)
    lost = many(a_pair(dataset="lost"), base_a=9)
    undecided = many(a_pair(dataset="undecided"), neither=3)
    publish(tmp_path, {"choices": pl.concat([pilot, clear, lost, undecided])})
    answer = query(tmp_path, sql.statement("questions/blind_comparison.sql"))
    assert dict(answer.select("dataset", "shows").rows()) == {
        "clear": "the re-ranked list is preferred",
        "lost": "the base list is preferred",
        "pilot": "no preference shown",
        "undecided": "no preference shown",
        "all": "no preference shown",
    }
