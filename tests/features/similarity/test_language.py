import polars as pl

from tasks.features.similarity.language import make_requests, person_by_person
from tasks.features.similarity.scorer import ScoringInputs
from tasks.texts.item_texts import item_texts
from tasks.texts.profiles.favourites import make_profiles
from tests.texts.profiles.test_favourites import bare_items, ratings_table, users_table

ITEMS = bare_items(9)
RATINGS = ratings_table((1, 8, 5.0, 0), (1, 9, 4.0, 0), (2, 7, 3.0, 0))
TEXTS = item_texts(ITEMS, None, RATINGS)
PROFILES = make_profiles(users_table(1, 2, 3), RATINGS, ITEMS, None, "movies", 2026)


def of(*pairs, estimates=None, profiles=PROFILES):
    table = pl.DataFrame(list(pairs), schema={"user": pl.Int64, "item": pl.Int64}, orient="row")
    told = pl.Series("estimate", estimates or [3.0] * len(pairs), pl.Float64)
    return ScoringInputs(table.with_columns(told), profiles, TEXTS, (1.0, 5.0))


def pair_value(user, item):
    return user / 10 + item / 100


def by_pair(requests):
    return [[pair_value(r.profile.user, item.item) for item in r.items] for r in requests]


def test_answers_stand_in_the_order_of_the_candidates_grouped_by_user_or_not():
    for pairs in (
        [(1, 4), (1, 2), (1, 5), (2, 5), (2, 1), (3, 6)],
        [(2, 5), (1, 4), (3, 6), (2, 1), (1, 2)],
    ):
        found = person_by_person(of(*pairs), by_pair)
        assert found.tolist() == [pair_value(*pair) for pair in pairs]


def test_what_is_not_answered_is_no_number():
    found = person_by_person(of((1, 4), (1, 2)), lambda _requests: [[None, 0.5]])
    assert pl.Series(found, nan_to_null=True).to_list() == [None, 0.5]


def test_a_request_holds_the_profile_and_the_items_of_one_person():
    first, third = make_requests(of((3, 6), (1, 4), (1, 2)))
    assert first.profile.user == 1
    assert first.profile.text == PROFILES["text"][0]
    assert [item.item for item in first.items] == [4, 2]
    assert third.profile.user == 3
    assert [item.text for item in third.items] == ["Title 6."]


def test_people_without_any_favourite_are_asked_about_too():
    strangers = make_profiles(users_table(3), ratings_table(), ITEMS, None, "movies", 2026)
    (asked,) = make_requests(of((3, 6), profiles=strangers))
    assert asked.profile.favourites == () and asked.profile.text == ""


def test_estimates_are_mapped_from_the_scale_to_minus_one_to_one():
    (asked,) = make_requests(of((1, 4), (1, 2), (1, 5), estimates=[1.0, 3.0, 5.0]))
    assert [item.item for item in asked.items] == [4, 2, 5]
    assert list(asked.estimates) == [-1.0, 0.0, 1.0]


def test_the_parts_of_an_item_reach_the_scorer():
    (asked,) = make_requests(of((1, 4)))
    row = ITEMS.filter(pl.col("item") == 4).row(0, named=True)
    item = asked.items[0]
    assert (item.title, item.year, item.genres) == (row["title"], row["year"], row["genres"])
    assert (item.quality, item.votes) == (row["quality"], row["votes"])
