"""Profiles in other styles: what is disliked, and what separates it from what is liked."""

import polars as pl
import pytest

from tasks.texts.profiles.favourites import make_profiles
from tests.texts.profiles.test_favourites import THIS_YEAR, bare_items, items_table, ratings_table
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


def disliked(profile):
    return [one["item"] for one in profile["disliked"]]


@pytest.mark.parametrize("style", ["structured", "contrastive"])
def test_the_disliked_are_those_below_the_users_mean_worst_first_then_latest(style):
    assert disliked(profile_in(style)) == [13, 12, 11], "the mean is 4.2, below the 4.5 of item 14"


def test_at_most_ten_are_disliked_and_no_favourite_is_among_them():
    some = ratings_table(*((1, n, 5.0 if n < 3 else 1.0, 0) for n in range(1, 31)))
    profile = profile_in("contrastive", some, bare_items(30))
    assert [one["item"] for one in profile["favourites"]] == list(range(1, 11))
    assert disliked(profile) == list(range(11, 21))


def test_a_low_rating_is_one_below_the_persons_own_mean():
    strict = [(1, n, 2.0, 0) for n in range(1, 11)] + [(1, 11, 1.0, 0), (1, 12, 2.0, 0)]
    fond = [(2, n, 5.0, 0) for n in range(1, 11)] + [(2, 11, 4.5, 0), (2, 12, 5.0, 0)]
    both = users(1, 2), ratings_table(*strict, *fond), bare_items(12), None
    made = make_profiles(*both, "movies", THIS_YEAR, "contrastive")
    assert [disliked(row) for row in made.iter_rows(named=True)] == [[11], [11]]


def test_a_sentence_says_nothing_of_what_is_disliked():
    profile = profile_in("sentence")
    assert (profile["dislikes"], profile["disliked"]) == ("", [])
    assert profile["text"].startswith(
        "I like Crime, Drama. My favourite movies are Title 10 (1995)"
    )


def test_a_structured_text_has_labels_and_its_dislikes_stand_apart():
    profile = profile_in("structured")
    assert profile["text"].startswith(
        "Likes: Crime, Drama. Eras: 1990s. Favourites: Title 10 (1995); "
    )
    named = "Title 13 (2004), Title 12 (2004), Title 11 (2004)"
    assert profile["dislikes"] == f"Comedy, Drama; such as {named}."


def test_the_two_commonest_decades_are_named_of_equal_ones_the_later_first():
    years = [1991, 1999, 1985, 2003, 2004, 1950]
    films = items_table(*({"item": n, "year": year} for n, year in enumerate(years)))
    rated = ratings_table(*((1, n, 4.0, 0) for n in range(len(years))))
    assert profile_in("structured", rated, films)["text"].startswith("Eras: 2000s, 1990s. ")


def test_contrast_leaves_out_what_both_sides_share():
    profile = profile_in("contrastive")
    assert profile["text"].startswith("I like Crime. My favourite movies are ")
    assert profile["dislikes"].startswith("Comedy; such as Title 13")
    assert "Drama" not in profile["text"] + profile["dislikes"]


def test_contrast_goes_by_shares_not_by_numbers():
    films = items_table(
        *({"item": n, "genres": "War" if n < 3 else "Noir"} for n in range(1, 11)),
        {"item": 11, "genres": "War"},
    )
    rated = ratings_table(*((1, n, 5.0, 0) for n in range(1, 11)), (1, 11, 1.0, 0))
    profile = profile_in("contrastive", rated, films)
    assert profile["text"].startswith("I like Noir. ")
    assert profile["dislikes"] == "War; such as Title 11."


@pytest.mark.parametrize("style", ["structured", "contrastive"])
def test_who_dislikes_nothing_or_rated_nothing_has_no_dislikes(style):
    fond = profile_in(style, ratings_table((1, 1, 4.0, 0), (1, 2, 4.0, 0)))
    assert (fond["dislikes"], fond["disliked"]) == ("", [])
    assert "Crime" in fond["text"]
    stranger = profile_in(style, ratings_table())
    assert (stranger["text"], stranger["dislikes"], stranger["disliked"]) == ("", "", [])


def test_a_typed_text_replaces_the_likes_alone():
    typed = pl.DataFrame({"user": [1], "text": ["Trains."]})
    profile = profile_in("contrastive", typed=typed)
    assert profile["text"] == "Trains."
    assert profile["dislikes"].startswith("Comedy; ")


@pytest.mark.parametrize("style", ["structured", "contrastive"])
def test_a_rating_that_is_held_out_leaves_no_trace(style):
    for item in (1, 12):
        items = FILMS.with_columns(
            pl.when(pl.col("item") == item).then(pl.lit("[out]")).otherwise("title").alias("title"),
            pl.when(pl.col("item") == item).then(pl.lit("[o]")).otherwise("genres").alias("genres"),
        )
        kept = RATED.filter(pl.col("item") != item)
        assert "[o" in str(profile_in(style, RATED, items))
        assert "[o" not in str(profile_in(style, kept, items))
