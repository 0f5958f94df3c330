import numpy as np
import polars as pl

from tasks.core.vocabulary import Profile
from tasks.features.similarity.language import above_mean, in_order, people_shown
from tasks.features.similarity.scorer import ScoringInputs
from tasks.llm.options import LlmOptions
from tasks.llm.rendering import person_block
from tasks.texts.item_texts import item_texts
from tasks.texts.profiles.favourites import make_profiles
from tasks.texts.profiles.rated import with_rated
from tests.texts.profiles.test_favourites import bare_items, ratings_table, users_table

ITEMS = bare_items(9)
RATINGS = ratings_table((1, 8, 5.0, 0), (1, 9, 4.0, 0), (2, 7, 3.0, 0))
TEXTS = item_texts(ITEMS, None, RATINGS)
PROFILES = make_profiles(users_table(1, 2, 3), RATINGS, ITEMS, None, "movies", 2026)


def of(*pairs, estimates=None, profiles=PROFILES):
    table = pl.DataFrame(list(pairs), schema={"user": pl.Int64, "item": pl.Int64}, orient="row")
    told = pl.Series("estimate", estimates or [3.0] * len(pairs), pl.Float64)
    return ScoringInputs(table.with_columns(told), profiles, TEXTS, (1.0, 5.0))


def shown(*pairs, show=(), **given):
    return people_shown(of(*pairs, **given), LlmOptions(llm_show=show))


def block_of(row):
    return person_block(Profile.model_validate(PROFILES.row(row, named=True)))


def test_answers_stand_in_the_order_of_the_candidates_grouped_by_user_or_not():
    for pairs in (
        [(1, 4), (1, 2), (1, 5), (2, 5), (2, 1), (3, 6)],
        [(2, 5), (1, 4), (3, 6), (2, 1), (1, 2)],
    ):
        answers = [[u / 10 + i / 100 for u, i in pairs if u == user] for user in (1, 2, 3)]
        found = in_order(of(*pairs), answers)
        assert found.tolist() == [user / 10 + item / 100 for user, item in pairs]


def test_what_is_not_answered_is_no_number():
    found = in_order(of((1, 4), (1, 2)), [[None, 0.5]])
    assert pl.Series(found, nan_to_null=True).to_list() == [None, 0.5]


def test_a_person_is_shown_with_the_profile_and_the_candidates_in_base_order():
    first, third = shown((3, 6), (1, 4), (1, 2))
    assert (first.block, third.block) == (block_of(0), block_of(2))
    assert first.block != third.block
    assert first.lines == ["Title 4.", "Title 2."] and third.lines == ["Title 6."]


def test_people_without_any_favourite_are_asked_about_too():
    strangers = make_profiles(users_table(3), ratings_table(), ITEMS, None, "movies", 2026)
    (person,) = shown((3, 6), profiles=strangers)
    assert person.block == "<person>\n</person>" and len(person.lines) == 1


def test_estimates_are_mapped_from_the_scale_to_minus_one_to_one():
    (person,) = shown((1, 4), (1, 2), (1, 5), estimates=[1.0, 3.0, 5.0], show=("estimate",))
    values = ["-1.00", "0.00", "1.00"]
    titles = [f"Title {item}. Estimate" for item in (4, 2, 5)]
    assert person.lines == [f"{t} {v}." for t, v in zip(titles, values, strict=True)]


def test_the_parts_of_an_item_are_shown():
    items = ITEMS.with_columns(
        year=pl.lit(1995, pl.Int32),
        genres=pl.lit("Action|Crime"),
        quality=pl.lit(8.3),
        votes=pl.lit(660_000, pl.Int64),
    )
    asked = ScoringInputs(
        pl.DataFrame({"user": [1], "item": [4], "estimate": [3.0]}),
        PROFILES,
        item_texts(items, None, RATINGS),
        (1.0, 5.0),
    )
    (person,) = people_shown(asked, LlmOptions())
    assert person.lines == ["Title 4 (1995). Action, Crime. Rating 8.3. Popularity 66."]


RATED = with_rated(PROFILES, RATINGS, ITEMS.with_columns(year=pl.lit(1995, pl.Int32)), None)


def test_beside_ratings_people_and_items_are_shown_in_one_form():
    asked = of((1, 4), (2, 5), profiles=RATED)
    options = LlmOptions(llm_ask="ratings", llm_show=("year", "genres", "description", "rating"))
    first, second = people_shown(asked, options)
    assert first.block == "<person>\nTitle 8 (1995): 9\nTitle 9 (1995): 7\n</person>"
    assert second.block == "<person>\nTitle 7 (1995): 4\n</person>"
    assert first.lines == ["Title 4"] and second.lines == ["Title 5"]


def test_scores_beside_ratings_are_what_is_above_the_persons_mean():
    asked = of((2, 5), (1, 4), (1, 2), (3, 6), profiles=RATED)
    scores = above_mean(asked, np.array([0.5, 1.0, -1.0, 0.25]))
    assert scores.tolist() == [0.5, 0.25, -1.0, 0.25], "means 3, 4.5 and none, of 1 to 5"
