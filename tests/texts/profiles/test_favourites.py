import polars as pl
import pytest

from tasks.evaluation.splits.protocols import split
from tasks.texts.profiles.favourites import favourites, make_profiles

THIS_YEAR = 2026
BARE = {
    "year": None,
    "genres": None,
    "description": None,
    "quality": None,
    "votes": None,
}


def items_table(*rows):
    schema = {
        "item": pl.Int64,
        "title": pl.String,
        "year": pl.Int32,
        "genres": pl.String,
        "description": pl.String,
        "quality": pl.Float64,
        "votes": pl.Int64,
    }
    full = [{"title": f"Title {row['item']}"} | BARE | row for row in rows]
    return pl.DataFrame(full, schema=schema)


def bare_items(count):
    return items_table(*({"item": item} for item in range(1, count + 1)))


def ratings_table(*rows):
    schema = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def users_table(*users):
    return pl.DataFrame({"user": list(users)}, schema={"user": pl.Int64})


def profile_of(items, ratings=None, typed=None, this_year=THIS_YEAR, user=1):
    if ratings is None:
        ratings = ratings_table(*((user, item, 4.0, item) for item in items["item"]))
    made = make_profiles(users_table(user), ratings, items, typed, "movies", this_year)
    return made.row(0, named=True)


def liked_items(profile):
    return [favourite["item"] for favourite in profile["favourites"]]


def test_favourites_are_ordered_by_rating_then_latest_then_item():
    ratings = ratings_table(
        (1, 5, 3.0, 900), (1, 4, 5.0, 100), (1, 3, 4.0, 200), (1, 2, 4.0, 300), (1, 1, 4.0, 200)
    )
    assert liked_items(profile_of(bare_items(5), ratings)) == [4, 2, 1, 3, 5]


def test_a_rating_without_a_time_comes_after_equal_ratings_with_one():
    ratings = ratings_table((1, 1, 4.0, None), (1, 2, 4.0, 5), (1, 3, 5.0, None))
    assert liked_items(profile_of(bare_items(3), ratings)) == [3, 2, 1]


def test_only_the_ten_top_rated_are_favourites():
    ratings = ratings_table(*((1, item, item / 4, 0) for item in range(1, 13)))
    profile = profile_of(bare_items(12), ratings)
    assert liked_items(profile) == list(range(12, 2, -1))
    listed = "; ".join(f"Title {item}" for item in range(12, 2, -1))
    assert profile["text"] == f"My favourite movies are {listed}."


def test_a_favourite_carries_its_title_and_rating():
    profile = profile_of(items_table({"item": 9, "title": "Heat"}), ratings_table((1, 9, 4.5, 0)))
    assert profile["favourites"] == [{"item": 9, "title": "Heat", "rating": 4.5}]


def test_everybodys_favourites_are_their_own():
    ratings = ratings_table((2, 1, 5.0, 0), (1, 2, 3.0, 0), (2, 3, 4.0, 0), (9, 1, 5.0, 0))
    found = favourites(users_table(2, 1), ratings, bare_items(3))
    assert found.select("user", "item").rows() == [(1, 2), (2, 1), (2, 3)]


@pytest.mark.parametrize(
    ("years", "low", "high"),
    [
        ([1987, 2003], 1980, 2010),
        ([1990, 2000], 1990, 2000),
        ([1999], 1990, 2000),
        ([1991, 2011], 1990, 2020),
        ([1999, 2021], 1990, THIS_YEAR),
        ([2023, None], 2020, THIS_YEAR),
    ],
)
def test_the_date_range_is_rounded_to_decades_and_capped_at_this_year(years, low, high):
    rows = [{"item": number, "year": year} for number, year in enumerate(years, start=1)]
    profile = profile_of(items_table(*rows))
    assert (profile["year_low"], profile["year_high"]) == (low, high)


def test_without_any_known_year_there_is_no_date_range():
    profile = profile_of(bare_items(2))
    assert (profile["year_low"], profile["year_high"]) == (None, None)


@pytest.mark.parametrize(
    ("qualities", "expected"),
    [([7.0], True), ([6.99], False), ([9.0, 5.0], True), ([9.0, 4.9], False), ([8.0, None], True)],
)
def test_ratings_are_prioritised_from_a_mean_quality_of_seven(qualities, expected):
    rows = [{"item": n, "quality": quality} for n, quality in enumerate(qualities, start=1)]
    assert profile_of(items_table(*rows))["prioritize_ratings"] is expected


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([800_000], True),
        ([799_999], False),
        ([9_000_000, 600_000], True),
        ([9_000_000, 599_000], False),
        ([900_000, None], True),
    ],
)
def test_popular_is_prioritised_from_a_mean_popularity_of_eighty(votes, expected):
    rows = [{"item": n, "votes": count} for n, count in enumerate(votes, start=1)]
    assert profile_of(items_table(*rows))["prioritize_popular"] is expected


def test_both_flags_are_false_when_nothing_is_known():
    profile = profile_of(bare_items(3))
    assert profile["prioritize_ratings"] is False
    assert profile["prioritize_popular"] is False


def test_the_text_names_titles_years_genres_and_descriptions():
    profile = profile_of(
        items_table(
            {"item": 1, "title": "Heat", "year": 1995, "genres": "Crime|Drama"},
            {"item": 2, "title": "Alien", "genres": "Crime", "description": "A crew. A guest."},
        )
    )
    assert profile["text"] == (
        "I like Crime, Drama. My favourite movies are Alien; Heat (1995). I enjoy: A crew. A guest."
    )


def test_the_text_does_without_what_is_unknown():
    assert profile_of(bare_items(1))["text"] == "My favourite movies are Title 1."


def test_the_text_names_the_three_most_frequent_genres():
    rows = [
        {"item": 1, "genres": "War|Noir|Drama"},
        {"item": 2, "genres": "War|Noir|Comedy"},
        {"item": 3, "genres": "War"},
    ]
    assert profile_of(items_table(*rows))["text"].startswith("I like War, Noir, Comedy. ")


def test_a_typed_text_replaces_the_composed_one_and_nothing_else():
    items = items_table({"item": 1, "year": 1995, "quality": 8.0})
    typed = pl.DataFrame({"user": [1], "text": ["Slow films about trains."]})
    composed, said = profile_of(items), profile_of(items, typed=typed)
    assert said["text"] == "Slow films about trains."
    changed = {name for name in composed if composed[name] != said[name]}
    assert changed == {"text"}


def test_who_typed_nothing_keeps_the_composed_text():
    typed = pl.DataFrame({"user": [2], "text": ["Slow films about trains."]})
    ratings = ratings_table((1, 1, 4.0, 0), (2, 1, 4.0, 0))
    made = make_profiles(users_table(1, 2), ratings, bare_items(1), typed, "movies", THIS_YEAR)
    assert made["text"].to_list() == [
        "My favourite movies are Title 1.",
        "Slow films about trains.",
    ]


def test_who_rated_nothing_has_an_empty_profile():
    profile = profile_of(bare_items(1), ratings_table())
    assert profile == {
        "user": 1,
        "text": "",
        "favourites": [],
        "year_low": None,
        "year_high": None,
        "prioritize_ratings": False,
        "prioritize_popular": False,
    }


def test_every_user_has_one_profile_sorted_by_user():
    ratings = ratings_table((3, 1, 4.0, 0), (1, 1, 4.0, 0), (8, 1, 4.0, 0))
    made = make_profiles(users_table(3, 1, 2), ratings, bare_items(1), None, "movies", THIS_YEAR)
    assert made["user"].to_list() == [1, 2, 3]


BASIC = {
    "item": 1,
    "title": "Heat",
    "year": 1995,
    "genres": "Crime",
    "description": "A heist.",
    "quality": 6.0,
    "votes": 500_000,
}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Heatwave"},
        {"year": 2015},
        {"genres": "Drama"},
        {"description": "A theft."},
        {"quality": 8.0},
        {"votes": 900_000},
    ],
)
def test_a_profile_changes_with_what_it_says_of_an_item(change):
    before = profile_of(items_table(BASIC))
    after = profile_of(items_table(BASIC | change))
    assert before != after


def test_a_profile_changes_with_the_ratings():
    profiles = {
        str(profile_of(bare_items(2), ratings_table(*rows)))
        for rows in (
            [(1, 1, 4.0, 0), (1, 2, 3.0, 0)],
            [(1, 1, 4.0, 0), (1, 2, 3.5, 0)],
            [(1, 1, 4.0, 0)],
            [(1, 1, 3.0, 0), (1, 2, 4.0, 0)],
        )
    }
    assert len(profiles) == 4


def test_a_profile_stays_when_only_row_order_other_people_or_unread_items_change():
    items = items_table(BASIC, {"item": 2, "title": "Alien"})
    mine = [(1, 1, 4.0, 10), (1, 2, 3.0, 20)]
    expected = profile_of(items, ratings_table(*mine))
    more = items_table({"item": 3, "title": "New"}, {"item": 2, "title": "Alien"}, BASIC)
    again = profile_of(more, ratings_table((2, 3, 5.0, 0), *reversed(mine)))
    later = profile_of(items, ratings_table((1, 1, 4.0, 11), (1, 2, 3.0, 21)))
    assert again == expected
    assert later == expected


@pytest.mark.parametrize("seed", range(6))
def test_the_held_out_item_never_appears(seed):
    items = items_table(
        *(
            {"item": n, "title": f"<{n}>", "genres": f"[{n}]", "description": f"({n})"}
            for n in range(1, 8)
        )
    )
    ratings = ratings_table(
        *((user, item, float(item % 5 + 1), item) for user in (1, 2, 3) for item in range(1, 8))
    )
    parts = split(ratings, "loo", seed, keep=0)
    made = make_profiles(users_table(1, 2, 3), parts.train, items, None, "movies", THIS_YEAR)
    assert parts.held_out.height == made.height == 3
    for profile, item in zip(made.iter_rows(named=True), parts.held_out["item"], strict=True):
        assert sorted(liked_items(profile)) == [n for n in range(1, 8) if n != item]
        assert not any(mark in profile["text"] for mark in (f"<{item}>", f"[{item}]", f"({item})"))
