"""The composed text of each style, by what a person rated highest."""

import polars as pl

from tasks.texts.profiles.favourites import make_profiles
from tests.texts.profiles.test_favourites import THIS_YEAR, items_table, ratings_table
from tests.texts.profiles.test_favourites import users_table as users

CRIME = {"genres": "Crime|Drama", "year": 1995}
SILLY = {"genres": "Comedy|Drama", "year": 2004}
FILMS = items_table(
    *({"item": n, **CRIME} for n in range(1, 11)), *({"item": n, **SILLY} for n in range(11, 15))
)
RATED = ratings_table(
    *((1, n, 5.0, n) for n in range(1, 11)),
    *((1, 11, 2.0, 0), (1, 12, 1.0, 0), (1, 13, 1.0, 5), (1, 14, 4.5, 0)),
)


def profile_in(style, ratings=RATED, items=FILMS, typed=None):
    made = make_profiles(users(1), ratings, items, typed, "movies", THIS_YEAR, style)
    return made.row(0, named=True)


def test_a_sentence_names_genres_and_favourites_and_nothing_of_what_was_rated_low():
    text = profile_in("sentence")["text"]
    assert text.startswith("I like Crime, Drama. My favourite movies are Title 10 (1995)")
    assert "Comedy" not in text and "2004" not in text


def test_with_the_style_favourites_nothing_is_said_and_the_items_stay():
    plain, silent = profile_in("sentence"), profile_in("favourites")
    assert silent == plain | {"text": ""}


def test_a_typed_text_stands_in_every_style():
    typed = pl.DataFrame({"user": [1], "text": ["Trains."]})
    assert profile_in("favourites", typed=typed)["text"] == "Trains."
