from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.errors import BadDataError
from tasks.data.columns import with_ids
from tasks.data.items import clean_items
from tasks.data.readers.movielens import describe
from tasks.data.tables import ROW, Table
from tasks.data.tags import clean_tags
from tasks.data.validate import clean_ratings

INFO = describe("tiny")
UNKNOWN = "ratings dropped: the items file lacks their item"
SUPERSEDED = "ratings dropped: the same user rated the same item later"
UNTITLED = "items kept without a title: named by their id"


def table(columns, rows):
    frame = pl.DataFrame(rows, schema=columns.split(), orient="row", infer_schema_length=None)
    return Table(Path("some.csv"), frame.with_row_index(ROW, offset=2))


def items(*ids):
    return clean_items(table("item title", [(item, f"Title {item}") for item in ids]), INFO)[0]


def ratings(*rows):
    return table("user item rating timestamp", rows)


def clean(raw, catalogue):
    return clean_ratings(raw, catalogue, INFO.scale)


def test_ratings_come_out_sorted_and_typed():
    frame, dropped = clean(
        ratings(("2", "20", "4", "7"), ("10", "10", "3.5", None), ("2", "10", "5", "8")),
        items("10", "20"),
    )
    assert frame.rows() == [(2, 10, 5.0, 8), (2, 20, 4.0, 7), (10, 10, 3.5, None)]
    assert frame.dtypes == [pl.Int64, pl.Int64, pl.Float64, pl.Int64]
    assert not any(rows.total for rows in dropped.values())


def test_of_doubled_ratings_the_latest_stays_and_the_others_are_counted():
    raw = ratings((1, 10, 5.0, 300), (1, 10, 1.0, 100), (1, 10, 2.0, None), (2, 10, 4.0, 50))
    frame, dropped = clean(raw, items(10))
    assert frame.rows() == [(1, 10, 5.0, 300), (2, 10, 4.0, 50)]
    assert {reason: rows.total for reason, rows in dropped.items()} == {UNKNOWN: 0, SUPERSEDED: 2}


def test_without_timestamps_the_last_in_the_file_stays():
    raw = table("user item rating", [(1, 10, 5.0), (1, 10, 1.0), (1, 10, 2.0)])
    assert clean(raw, items(10))[0].rows() == [(1, 10, 2.0, None)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.integers(1, 3),
            st.sampled_from([0.5, 3.0, 5.0]),
            st.none() | st.integers(0, 5),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_is_doubled_one_rating_per_pair_stays_the_latest(rows):
    latest: dict[tuple[int, int], tuple[float, int | None]] = {}
    for user, item, rating, time in rows:
        before = latest.get((user, item))
        if before is None or _when(time) >= _when(before[1]):
            latest[user, item] = (rating, time)
    schema = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_row_index(ROW, offset=2)
    cleaned, dropped = clean(Table(Path("some.csv"), frame), items(1, 2, 3))
    assert cleaned.rows() == [(*pair, *given) for pair, given in sorted(latest.items())]
    assert dropped[SUPERSEDED].total == len(rows) - len(latest)


def _when(time):
    return -1 if time is None else time


def test_ratings_of_unknown_items_are_dropped_and_counted():
    raw = ratings((1, 10, 4.0, 1), (1, 20, 4.0, 1), (2, 10, 4.0, 1), (2, 99, 4.0, 1))
    frame, dropped = clean(raw, items(10, 20))
    assert 99 not in frame["item"]
    assert {reason: rows.total for reason, rows in dropped.items()} == {UNKNOWN: 1, SUPERSEDED: 0}


def test_a_text_id_among_the_ratings_of_numbered_items_is_just_an_unknown_item():
    raw = ratings(("1", "10", "4", "1"), ("1", "20", "4", "1"), ("1", "n/a", "4", "1"))
    frame, dropped = clean(raw, items("10", "20"))
    assert frame["item"].to_list() == [10, 20]
    assert dropped[UNKNOWN].total == 1


def test_half_of_the_ratings_may_be_of_unknown_items_but_not_more():
    half = ratings((1, 10, 4.0, 1), (1, 99, 4.0, 1))
    assert clean(half, items(10))[1][UNKNOWN].total == 1
    more = ratings((1, 99, 4.0, 1), (1, 10, 4.0, 1), (1, 98, 4.0, 1))
    with pytest.raises(BadDataError) as caught:
        clean(more, items(10))
    assert (caught.value.row, caught.value.column) == (2, "item")


def test_the_first_of_several_bad_rows_is_named():
    raw = ratings(("1", "10", "4", "1"), ("1", "20", "x", "1"), ("2", "10", "y", "1"))
    with pytest.raises(BadDataError, match="'x'") as caught:
        clean(raw, items("10", "20"))
    assert caught.value.row == 3


def test_both_ends_of_the_scale_are_on_it():
    raw = ratings((1, 10, 0.5, 1), (1, 20, 5.0, 1))
    assert clean(raw, items(10, 20))[0]["rating"].to_list() == [0.5, 5.0]


def test_a_rating_of_single_precision_keeps_its_decimal_value():
    raw = ratings((1, 10, 1.6, 1), (1, 20, 4.1, 1))
    single = Table(raw.file, raw.frame.with_columns(pl.col("rating").cast(pl.Float32)))
    assert clean(single, items(10, 20))[0]["rating"].to_list() == [1.6, 4.1]


def test_whole_numbers_are_ids_as_numbers():
    frame = with_ids(table("user", [(" 7 ",), ("12",), ("-3",)]), "user").frame
    assert frame["user"].to_list() == [7, 12, -3]


@pytest.mark.parametrize("odd", ["007", "+7", "7.0", "abc", "99999999999999999999"])
def test_one_id_that_is_no_plain_number_makes_all_text(odd):
    frame = with_ids(table("user", [("7",), (odd,)]), "user").frame
    assert frame["user"].to_list() == ["7", odd]


def test_an_item_without_a_title_is_named_by_its_id():
    raw = table("item title", [("2", "  "), ("1", " Heat "), ("3", None)])
    frame, counted = clean_items(raw, INFO)
    assert frame["title"].to_list() == ["Heat", "movie 2", "movie 3"]
    assert counted == {UNTITLED: (2, "some.csv, row 2: item 2")}


def test_items_get_every_column_and_its_type():
    raw = table("item title year votes", [("1", "Heat", "1995", "12"), ("2", "Alien", "", None)])
    frame, _ = clean_items(raw, INFO)
    assert frame.rows() == [
        (1, "Heat", 1995, None, None, None, 12, None),
        (2, "Alien", None, None, None, None, None, None),
    ]
    assert frame.dtypes == [
        pl.Int64,
        pl.String,
        pl.Int32,
        pl.String,
        pl.String,
        pl.Float64,
        pl.Int64,
        pl.Int64,
    ]


def test_tags_are_normalised_and_only_those_of_rated_pairs_stay():
    rated, _ = clean(ratings((1, 10, 4.0, 1), (2, 10, 4.0, 1)), items(10))
    written = [("2", "10", " Slow "), ("2", "10", "slow"), ("1", "10", "DARK"), ("1", "10", " ")]
    frame, dropped = clean_tags(table("user item tag", [*written, ("3", "10", "long")]), rated)
    assert frame.rows() == [(1, 10, "dark"), (2, 10, "slow")]
    assert dropped == {
        "tags dropped: empty or repeated": (2, "some.csv, row 3: user 2, item 10"),
        "tags dropped: their user has not rated their item": (
            1,
            "some.csv, row 6: user 3, item 10",
        ),
    }


def test_a_tag_by_a_user_with_a_text_id_is_just_one_without_a_rating():
    rated, _ = clean(ratings((1, 10, 4.0, 1)), items(10))
    frame, dropped = clean_tags(
        table("user item tag", [("1", "10", "slow"), ("bob", "10", "dark")]), rated
    )
    assert frame.rows() == [(1, 10, "slow")]
    assert dropped["tags dropped: their user has not rated their item"].total == 1
