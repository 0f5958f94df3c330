from typing import Any

import polars as pl
import pytest

from tasks.night.changes import KnownTables, LeftOut, changed_users, comparable

USERS = pl.DataFrame({"user": [1, 2, 3, 4]})
RATINGS = pl.DataFrame(
    {
        "user": [1, 1, 2, 3, 4],
        "item": [10, 11, 10, 12, 13],
        "rating": [4.0, 3.0, 5.0, 2.0, 1.0],
        "timestamp": [5, None, 7, 8, 9],
    }
)
TEXTS = pl.DataFrame(
    {"item": [10, 11, 12, 13, 14], "text": list("abcde"), "year": [None, 1, 2, 3, 4]}
)
BEFORE = KnownTables(USERS, RATINGS.lazy(), TEXTS, None)
LISTS = pl.LazyFrame({"user": [1, 2, 3, 4], "item": [14, 13, 11, 11]})


def changes(**now: Any) -> list[tuple[int, str]]:
    if "ratings" in now:
        now["ratings"] = now["ratings"].lazy()
    return changed_users(BEFORE._replace(**now), BEFORE, LISTS).rows()


def with_rating(user: int, item: int, rating: float, timestamp: int | None) -> pl.DataFrame:
    row = pl.DataFrame([(user, item, rating, timestamp)], schema=RATINGS.schema, orient="row")
    others = RATINGS.filter((pl.col("user") != user) | (pl.col("item") != item))
    return pl.concat([others, row])


def test_nothing_new_changes_nobody_even_where_values_are_missing() -> None:
    assert changes() == []
    assert changes(ratings=RATINGS.reverse(), texts=TEXTS.reverse()) == []


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        (with_rating(2, 12, 1.0, 1), "ratings arrived"),
        (with_rating(2, 10, 4.5, 7), "ratings corrected"),
        (with_rating(2, 10, 5.0, 6), "ratings corrected"),
        (RATINGS.filter(pl.col("user") != 2), "ratings withdrawn"),
    ],
    ids=["a late one", "another height", "another time", "none left"],
)
def test_other_ratings_change_their_user_alone(ratings: pl.DataFrame, reason: str) -> None:
    assert changes(ratings=ratings) == [(2, reason)]


def test_a_user_is_new_whatever_else_is_new_about_them() -> None:
    users = pl.DataFrame({"user": [1, 2, 3, 4, 5]})
    assert changes(users=users, ratings=with_rating(5, 12, 1.0, 1)) == [(5, "new user")]


def test_who_is_not_served_any_more_needs_no_list() -> None:
    users = USERS.filter(pl.col("user") != 2)
    assert changes(users=users, ratings=with_rating(2, 12, 1.0, 1)) == []


def test_a_text_reaches_who_rated_the_item_and_who_has_it_as_a_candidate() -> None:
    texts = TEXTS.with_columns(
        text=pl.when(pl.col("item") == 11).then(pl.lit("z")).otherwise("text")
    )
    reason = "an item's text changed"
    assert changes(texts=texts) == [(1, reason), (3, reason), (4, reason)]
    assert changes(texts=TEXTS.filter(pl.col("item") != 14)) == [(1, reason)]
    added = pl.DataFrame([(15, "f", 5)], schema=TEXTS.schema, orient="row")
    assert changes(texts=pl.concat([TEXTS, added])) == []


def test_a_typed_taste_counts_when_it_is_new_other_or_gone() -> None:
    said = pl.DataFrame({"user": [1, 2], "text": ["jazz", "rock"]})
    reason = "typed taste changed"
    assert changes(typed=said) == [(1, reason), (2, reason)]
    other = said.with_columns(text=pl.Series(["jazz", "blues"]))
    before = BEFORE._replace(typed=said)
    assert changed_users(before._replace(typed=other), before, LISTS).rows() == [(2, reason)]
    assert changed_users(BEFORE, before, LISTS).rows() == [(1, reason), (2, reason)]


def test_rules_reach_whose_pairs_changed_and_who_has_what_is_left_out_from_now_on() -> None:
    reason = "a rule changed"
    pairs = pl.DataFrame({"user": [2], "item": [14]})
    rules = LeftOut(pairs, pl.DataFrame({"item": [11]}))
    ruled = BEFORE._replace(rules=rules)
    assert changes(rules=rules) == [(2, reason), (3, reason), (4, reason)]
    assert changed_users(ruled, ruled, LISTS).rows() == []
    more = ruled._replace(rules=LeftOut(pairs, pl.DataFrame({"item": [11, 14]})))
    assert changed_users(more, ruled, LISTS).rows() == [(1, reason)]
    assert changed_users(ruled, more, LISTS).rows() == [], "an item allowed again waits"
    assert changed_users(BEFORE, ruled, LISTS).rows() == [(2, reason)]


def test_ids_of_another_kind_cannot_be_compared() -> None:
    text = pl.col("user").cast(pl.String)
    assert comparable(BEFORE, BEFORE)
    assert not comparable(BEFORE._replace(ratings=RATINGS.lazy().with_columns(text)), BEFORE)
