import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import AmbiguousTitleError, BadRatingError, UnknownTitleError
from tasks.data.newcomer import add_newcomer, parse_rates
from tasks.data.readers.movielens import describe
from tasks.data.stages import newcomer_stage

INFO = describe("tiny")
ITEMS = pl.DataFrame(
    {
        "item": [1, 2, 3, 4],
        "title": ["Heat", "E=mc2", "Alien", "Heat"],
        "year": [1995, 2005, 1979, 1986],
    }
)
RATINGS = pl.DataFrame(
    {"user": [3, 12], "item": [1, 2], "rating": [4.0, 5.0], "timestamp": [100, None]}
)


def test_each_rate_is_an_item_and_its_rating():
    rates = ["Alien=5", "#2=0.5", " Heat (1995) = 4.5 "]
    assert parse_rates(rates, ITEMS, INFO) == [(3, 5.0), (2, 0.5), (1, 4.5)]


def test_a_title_may_contain_an_equals_sign():
    assert parse_rates(["E=mc2=3"], ITEMS, INFO) == [(2, 3.0)]


def test_of_one_item_rated_twice_the_last_rating_counts():
    assert parse_rates(["Alien=1", "E=mc2=3", "#3=5"], ITEMS, INFO) == [(3, 5.0), (2, 3.0)]


@pytest.mark.parametrize(
    "rate", ["Alien", "Alien=", "Alien=good", "Alien=5.5", "Alien=0", "Alien=nan", "Alien=inf", ""]
)
def test_a_malformed_or_impossible_rating_is_refused(rate):
    with pytest.raises(BadRatingError) as caught:
        parse_rates([rate], ITEMS, INFO)
    assert f"'{rate}'" in caught.value.what
    assert "from 0.5 to 5" in caught.value.what


def test_titles_that_are_unknown_or_ambiguous_are_not_guessed():
    with pytest.raises(UnknownTitleError):
        parse_rates(["qzxwv=4"], ITEMS, INFO)
    with pytest.raises(UnknownTitleError):
        parse_rates(["=4"], ITEMS, INFO)
    with pytest.raises(AmbiguousTitleError):
        parse_rates(["Heat=4"], ITEMS, INFO)


def test_no_rates_are_no_ratings():
    assert parse_rates([], ITEMS, INFO) == []


def test_a_numbered_newcomer_comes_after_the_highest():
    joined, user = add_newcomer(RATINGS, [(2, 3.0), (1, 5.0)])
    assert user == 13
    assert joined.schema == RATINGS.schema
    assert joined.rows() == [
        (3, 1, 4.0, 100),
        (12, 2, 5.0, None),
        (13, 1, 5.0, None),
        (13, 2, 3.0, None),
    ]


@pytest.mark.parametrize(
    ("taken", "free"),
    [(["ann", "bob"], "you"), (["ann", "you"], "you'"), (["you", "you'"], "you''")],
)
def test_a_newcomer_among_text_ids_is_you_unless_somebody_is(taken, free):
    ratings = RATINGS.with_columns(pl.Series("user", taken))
    joined, user = add_newcomer(ratings, [(1, 5.0)])
    assert user == free
    assert joined.filter(pl.col("user") == free).height == 1
    assert joined.height == 3


def test_a_newcomer_without_ratings_adds_none():
    joined, user = add_newcomer(RATINGS, [])
    assert (user, joined.rows()) == (13, RATINGS.rows())


def test_the_typed_taste_is_cleaned_and_kept_with_the_newcomer(home):
    everybody = write_table(home, "ratings", RATINGS)
    newcomer = newcomer_stage.fn(home, everybody, [(1, 5.0)], "slow\n  films\x07 ")
    assert read_table(home, newcomer.typed).rows() == [(13, "slow films")]
    assert read_table(home, newcomer.users).rows() == [(13,)]
    assert read_table(home, newcomer.ratings).height == 3


def test_without_a_typed_taste_none_is_written(home):
    everybody = write_table(home, "ratings", RATINGS)
    assert newcomer_stage.fn(home, everybody, [(1, 5.0)], None).typed is None
