import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_arrays, write_table
from tasks.core.errors import BadDataError
from tasks.evaluation.wishes import (
    DRAWS,
    NOTHING,
    SOMEBODY,
    UNFITTING,
    WishedFor,
    WishingPeople,
    example_lists,
    measure_wishes_stage,
    read_wishes,
    wishing_people_stage,
)
from tasks.texts.stages import VECTORS
from tasks.wishes.asked import WordInputs
from tasks.wishes.stages import index_terms_stage

ITEMS = pl.DataFrame({"item": range(1, 101), "title": "A title", "year": 1990})
WISHES = [
    WishedFor(taste="slow", items=(1, 2, 3)),
    WishedFor(taste="ghosts", items=tuple(range(10, 60))),
]


def written(tmp_path: Path, content) -> Path:
    file = tmp_path / "wishes.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return file


def test_tastes_are_read_with_the_ids_of_the_data_set(tmp_path):
    file = written(tmp_path, [{"taste": "slow", "items": ["2", 7, "gone"], "by": "hand"}])
    assert read_wishes(file, ITEMS) == [WishedFor(taste="slow", items=(2, 7))]
    named = ITEMS.with_columns(pl.col("item").cast(pl.String))
    assert read_wishes(file, named) == [WishedFor(taste="slow", items=("2", "7"))]


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "7",
        '["slow"]',
        '{"taste": "slow", "items": [1]}',
        '[{"taste": "slow"}]',
        '[{"items": [1]}]',
        '[{"taste": "slow", "items": 1}]',
    ],
)
def test_what_is_no_list_of_tastes_is_refused_by_name(tmp_path, content):
    file = written(tmp_path, content)
    with pytest.raises(BadDataError, match="it is not a list of tastes") as caught:
        read_wishes(file, ITEMS)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadDataError, match=r"nowhere\.json"):
        read_wishes(tmp_path / "nowhere.json", ITEMS)


def test_a_file_of_another_encoding_is_named(tmp_path):
    file = tmp_path / "wishes.json"
    file.write_bytes('[{"taste": "Amélie", "items": [1]}]'.encode("latin-1"))
    with pytest.raises(BadDataError, match=r"wishes\.json"):
        read_wishes(file, ITEMS)


def test_a_file_without_a_taste_is_refused(tmp_path):
    with pytest.raises(BadDataError, match=r"wishes\.json: it holds no taste"):
        read_wishes(written(tmp_path, []), ITEMS)


@pytest.mark.parametrize("ids", [[], [999]])
def test_a_taste_that_no_item_fits_is_named_with_its_number(tmp_path, ids):
    rows = [{"taste": "slow", "items": [1]}, {"taste": "ghosts", "items": ids}]
    with pytest.raises(BadDataError, match=r"wishes\.json.* taste 2, 'ghosts'"):
        read_wishes(written(tmp_path, rows), ITEMS)


RATINGS = pl.DataFrame(
    [(user, item, float(user % 5 + 1), 100 * item) for user in (4, 7, 9) for item in (user, 20)],
    {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64},
    orient="row",
)
COUNTS = pl.DataFrame({"item": range(1, 101), "count": range(100, 0, -1)})


def drawn(home, seed=1, wishes=WISHES, counts=COUNTS, rated=RATINGS):
    """Asks, ratings, and what is typed, of the people drawn for these tastes."""
    ratings = write_table(home, "ratings", rated)
    made = wishing_people_stage.fn(
        home, ratings, write_table(home, "counts", counts), wishes, 5.0, seed
    )
    asks, users = read_table(home, made.asks), read_table(home, made.users)
    assert users["user"].to_list() == asks["user"].to_list()
    return asks, read_table(home, made.ratings), read_table(home, made.typed)


def test_each_taste_is_asked_for_by_new_people_in_three_situations(tmp_path):
    asks, ratings, typed = drawn(tmp_path)
    assert asks["user"].to_list() == list(range(10, 10 + 2 * (1 + 2 * DRAWS)))
    for taste in ("slow", "ghosts"):
        situations = asks.filter(pl.col("taste") == taste)["situation"].to_list()
        assert sorted(situations) == sorted([NOTHING, *[UNFITTING, SOMEBODY] * DRAWS])
    assert typed.rows() == asks.select("user", "taste").rows()
    assert ratings.schema == RATINGS.schema
    assert set(ratings["user"]) == set(asks.filter(pl.col("situation") != NOTHING)["user"])


def ratings_in(asks, ratings, situation, taste):
    """By person in this situation with this taste their (item, rating, timestamp)."""
    people = asks.filter(situation=situation, taste=taste)["user"].to_list()
    return [ratings.filter(user=user).drop("user").rows() for user in people]


@pytest.mark.parametrize("wish", WISHES, ids=["few fit", "most well known fit"])
def test_unfitting_ratings_are_three_of_well_known_items_that_never_fit(tmp_path, wish):
    asks, ratings, _ = drawn(tmp_path)
    given = ratings_in(asks, ratings, UNFITTING, wish.taste)
    assert len({tuple(rows) for rows in given}) > 1
    for rows in given:
        items = {item for item, _, _ in rows}
        assert len(items) == 3 and items <= set(range(1, 51)) - set(wish.items)
        assert {(rating, time) for _, rating, time in rows} == {(5.0, None)}


def test_where_nearly_all_well_known_items_fit_the_others_are_rated(tmp_path):
    most = [WishedFor(taste="slow", items=tuple(range(3, 101)))]
    asks, ratings, _ = drawn(tmp_path, wishes=most)
    for rows in ratings_in(asks, ratings, UNFITTING, "slow"):
        assert [item for item, _, _ in rows] == [1, 2]


def test_where_all_well_known_items_fit_nothing_is_rated(tmp_path):
    every = [WishedFor(taste="slow", items=tuple(range(1, 101)))]
    asks, ratings, _ = drawn(tmp_path, wishes=every)
    assert ratings_in(asks, ratings, UNFITTING, "slow") == [[]] * DRAWS


def test_somebody_has_all_ratings_of_a_user(tmp_path):
    asks, ratings, _ = drawn(tmp_path)
    users = [RATINGS.filter(user=user).drop("user").rows() for user in (4, 7, 9)]
    copies = [rows for w in WISHES for rows in ratings_in(asks, ratings, SOMEBODY, w.taste)]
    assert all(rows in users for rows in copies)
    assert len({tuple(rows) for rows in copies}) > 1


def test_the_seed_draws_whatever_the_order_of_rows(tmp_path):
    first, again = (
        drawn(tmp_path),
        drawn(tmp_path, counts=COUNTS.reverse(), rated=RATINGS.reverse()),
    )
    assert all(one.equals(other) for one, other in zip(first, again, strict=True))
    assert not drawn(tmp_path, seed=2)[1].equals(first[1])


def lists(**places):
    """Ranked lists by user, each of these items in order."""
    rows = [
        (int(user[1:]), item, rank)
        for user, items in places.items()
        for rank, item in enumerate(items, 1)
    ]
    kinds = {"user": pl.Int64, "item": pl.Int64, "rank": pl.Int32}
    return pl.DataFrame(rows, kinds, orient="row").reverse()


ASKS = pl.DataFrame(
    [(11, "slow", NOTHING), (12, "slow", UNFITTING), (13, "ghosts", SOMEBODY)],
    ["user", "taste", "situation"],
    orient="row",
)


NEAR = {"slow": [1.0, 0.0], "ghosts": [0.0, 1.0]}
"""The vectors of the tastes."""


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """The rows of measures of these lists, by user."""

    def write(name, table):
        return write_table(tmp_path, name, table)

    def measure(with_words, without_words, rated=RATINGS, counts=COUNTS, slow=()):
        """Texts of the items `slow` are like "slow", the others like "ghosts"."""
        vectors = np.array([NEAR["slow" if item in slow else "ghosts"] for item in ITEMS["item"]])
        words = WordInputs(
            items=write("items", ITEMS),
            vectors=write_arrays(tmp_path, "vectors", 100, {VECTORS: vectors}),
            terms=index_terms_stage.fn(
                tmp_path, write("texts", ITEMS.select("item", text="title"))
            ),
            counts=write("counts", counts),
        )
        people = WishingPeople(
            asks=write("asks", ASKS),
            users=write("users", ASKS.select("user")),
            ratings=write("train", rated),
            typed=write("typed", ASKS.select("user", text="taste")),
        )
        figures = measure_wishes_stage.fn(
            tmp_path,
            WISHES,
            people,
            write("with_words", with_words),
            write("without_words", without_words),
            words.counts,
            words,
        )
        return {row["user"]: row for row in read_table(tmp_path, figures).rows(named=True)}

    monkeypatch.setattr(
        "tasks.evaluation.wishes.text_vectors",
        lambda _home, texts: np.array([NEAR[text] for text in texts]),
    )
    return measure


def test_measures_are_those_counted_by_hand(measured):
    with_words = lists(
        u11=[1, 2, 50, 51, 52, 53, 54, 55, 56, 57, 3],  # 3 fits, and is the eleventh
        u12=[60, 61, 1, 2, 3],
    )
    without = lists(u11=[50, 51, 1, 52, 70, 71, 72, 73, 74, 75, 2], u12=[60, 61, 62], u13=[10, 90])
    counts = COUNTS.filter(pl.col("item") != 61)  # nobody rated it
    rows = measured(with_words, without, counts=counts)
    names = "taste", "situation", "fit", "fit_without", "steer", "known"
    assert {user: tuple(row[name] for name in names) for user, row in rows.items()} == {
        # 1 and 2 fit; 2 and 53 to 57 are new; counts: 100, 99, 51, 50, ..., 44
        11: ("slow", NOTHING, 0.2, 0.1, 0.6, 48.5),
        # counts: 41, 0, 100, 99, 98
        12: ("slow", UNFITTING, 0.3, 0.0, 0.3, 98.0),
        13: ("ghosts", SOMEBODY, 0.0, 0.1, 0.0, 0.0),
    }


def test_the_simple_list_has_the_likest_texts_and_of_those_the_best_known(measured):
    """Item 1 is the best known: of the texts like ghosts 4 to 9 and 11 to 14 come first."""
    rows = measured(lists(), lists(), slow=[1, 2, 3, 10, 30])
    assert rows[11]["fit_simple"] == 0.3
    assert rows[13]["fit_simple"] == 0.4


def test_the_simple_list_goes_by_how_known_items_are_where_texts_are_all_alike(measured):
    rows = measured(lists(), lists(), counts=COUNTS.with_columns(count=pl.col("count").reverse()))
    assert rows[11]["fit_simple"] == 0.0
    assert measured(lists(), lists())[11]["fit_simple"] == 0.3


def test_what_a_person_has_rated_is_not_in_the_simple_list(measured):
    rated = pl.DataFrame({"user": [11, 11, 13], "item": [1, 2, 4], "rating": 5.0})
    rows = measured(lists(), lists(), rated=rated, slow=[1, 2, 3])
    assert rows[11]["fit_simple"] == 0.1
    assert rows[12]["fit_simple"] == 0.3
    assert rows[13]["fit_simple"] == 0.5


def test_examples_are_both_lists_of_the_first_person_in_a_situation():
    twice = pl.concat([ASKS, ASKS.with_columns(pl.col("user") + 10)])
    some = lists(u11=range(1, 13), u21=[99], u13=[5])
    shown = example_lists(twice, some, lists(u11=[4]), ITEMS)
    assert shown.select("taste", "situation", "list", "rank", "item").rows() == [
        ("ghosts", SOMEBODY, "with words", 1, "5"),
        *(("slow", NOTHING, "with words", rank, str(rank)) for rank in range(1, 11)),
        ("slow", NOTHING, "without words", 1, "4"),
    ]
    assert shown["title"].unique().to_list() == ["A title"]
