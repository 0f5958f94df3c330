from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from tasks.profiles.favourites import make_profiles
from tasks.scoring.chunk import background, make_requests, score_candidates
from tasks.scoring.texts import item_texts
from tests.profiles.test_favourites import bare_items, ratings_table, users_table

ITEMS = bare_items(9)
RATINGS = ratings_table((1, 8, 5.0, 0), (1, 9, 4.0, 0), (2, 7, 3.0, 0))
TEXTS = item_texts(ITEMS, None, RATINGS)
SCALE = (1.0, 5.0)
PROFILES = make_profiles(users_table(1, 2, 3), RATINGS, ITEMS, None, "movies", 2026)


def candidates_table(*pairs):
    return pl.DataFrame(
        list(pairs), schema={"user": pl.Int64, "item": pl.Int64}, orient="row"
    ).with_columns(estimate=pl.lit(3.0))


def scorer_by(value) -> Any:
    """A scorer that gives `value(user, item)`."""

    def score(requests):
        return [
            np.array([value(request.profile.user, item.item) for item in request.items])
            for request in requests
        ]

    return SimpleNamespace(version="fake", score=score)


def pair_value(user, item):
    return user / 10 + item / 100


def test_scores_stand_in_the_order_of_the_candidates():
    pairs = [(1, 4), (1, 2), (1, 5), (2, 5), (2, 1), (3, 6)]
    made = score_candidates(scorer_by(pair_value), candidates_table(*pairs), PROFILES, TEXTS, SCALE)
    assert made.columns == ["user", "item", "similarity"]
    assert made.select("user", "item").rows() == pairs
    assert made["similarity"].to_list() == [pair_value(*pair) for pair in pairs]


def test_candidates_that_are_not_grouped_by_user_keep_their_order_too():
    pairs = [(2, 5), (1, 4), (3, 6), (2, 1), (1, 2)]
    made = score_candidates(scorer_by(pair_value), candidates_table(*pairs), PROFILES, TEXTS, SCALE)
    assert made.select("user", "item").rows() == pairs
    assert made["similarity"].to_list() == [pair_value(*pair) for pair in pairs]


def test_no_score_for_one_item_is_null_there_alone():
    made = score_candidates(
        scorer_by(lambda user, item: np.nan if item == 2 else 0.5),
        candidates_table((1, 4), (1, 2), (2, 3)),
        PROFILES,
        TEXTS,
        SCALE,
    )
    assert made["similarity"].to_list() == [0.5, None, 0.5]


def test_no_score_at_all_is_null_throughout():
    made = score_candidates(
        scorer_by(lambda user, item: np.nan),
        candidates_table((1, 4), (1, 2)),
        PROFILES,
        TEXTS,
        SCALE,
    )
    assert made["similarity"].to_list() == [None, None]
    assert made["similarity"].dtype == pl.Float64


def test_scores_off_the_range_are_clipped():
    made = score_candidates(
        scorer_by(lambda user, item: item - 3.0),
        candidates_table((1, 1), (1, 3), (1, 6)),
        PROFILES,
        TEXTS,
        SCALE,
    )
    assert made["similarity"].to_list() == [-1.0, 0.0, 1.0]


def test_no_candidates_give_an_empty_table():
    made = score_candidates(scorer_by(pair_value), candidates_table(), PROFILES, TEXTS, SCALE)
    assert made.columns == ["user", "item", "similarity"]
    assert made.is_empty()


def test_a_request_holds_the_profile_the_favourites_and_the_items_of_one_person():
    first, third = make_requests(candidates_table((3, 6), (1, 4), (1, 2)), PROFILES, TEXTS, SCALE)
    assert first.profile.user == 1
    assert first.profile.text == PROFILES["text"][0]
    assert [item.text for item in first.liked] == ["Title 8.", "Title 9."]
    assert [item.item for item in first.items] == [4, 2]
    assert third.profile.user == 3
    assert list(third.liked) == []
    assert [item.text for item in third.items] == ["Title 6."]


def test_the_background_is_spread_over_the_whole_catalogue_and_shared():
    many = item_texts(bare_items(1000), None, RATINGS)
    chosen = background(many)
    assert len(chosen) == chosen.n_unique() == 200
    assert (chosen.min(), chosen.max()) == (many["item"].min(), many["item"].max())
    assert background(TEXTS).to_list() == TEXTS["item"].to_list()
    first, second = make_requests(candidates_table((1, 4), (2, 5)), PROFILES, TEXTS, SCALE)
    assert first.background == second.background
    assert [item.item for item in first.background] == TEXTS["item"].to_list()


def test_people_without_any_favourite_are_asked_about_too():
    strangers = make_profiles(users_table(3), ratings_table(), ITEMS, None, "movies", 2026)
    (asked,) = make_requests(candidates_table((3, 6)), strangers, TEXTS, SCALE)
    assert list(asked.liked) == [] and asked.profile.text == ""


def test_estimates_are_mapped_from_the_scale_to_minus_one_to_one():
    table = candidates_table((1, 4), (1, 2), (1, 5)).with_columns(
        estimate=pl.Series([1.0, 3.0, 5.0])
    )
    (asked,) = make_requests(table, PROFILES, TEXTS, SCALE)
    assert dict(zip([i.item for i in asked.items], asked.estimates, strict=True)) == {
        4: -1.0,
        2: 0.0,
        5: 1.0,
    }


def test_the_parts_of_an_item_reach_the_scorer():
    (asked,) = make_requests(candidates_table((1, 4)), PROFILES, TEXTS, SCALE)
    row = ITEMS.filter(pl.col("item") == 4).row(0, named=True)
    item = asked.items[0]
    assert (item.title, item.year, item.genres) == (row["title"], row["year"], row["genres"])
    assert (item.quality, item.votes) == (row["quality"], row["votes"])
