import polars as pl

from tasks.core.vocabulary import Profile
from tasks.texts.profiles.favourites import make_profiles
from tasks.texts.profiles.rated import SHOWN, some_ratings, with_rated
from tests.texts.profiles.test_favourites import (
    bare_items,
    items_table,
    ratings_table,
    users_table,
)


def shown(*rows):
    return [
        tuple(row) for row in some_ratings(ratings_table(*rows)).select("item", "rating").rows()
    ]


def test_half_are_high_and_half_low_and_of_each_the_newest_come_first():
    high = [(1, item, 5.0, item) for item in range(1, 21)]
    low = [(1, item, 2.0, item) for item in range(21, 41)]
    items = [item for item, _ in shown(*high, *low)]
    assert items == [40, 39, 38, 37, 36, 35, 20, 19, 18, 17, 16, 15]


def test_where_one_half_has_fewer_there_are_more_of_the_other():
    rows = [(1, item, 5.0, item) for item in range(1, 21)] + [(1, 30, 1.0, 0), (1, 31, 1.0, 99)]
    found = shown(*rows)
    assert len(found) == SHOWN
    assert [item for item, rating in found if rating == 1.0] == [31, 30]
    assert [item for item, rating in found if rating == 5.0] == list(range(20, 10, -1))


def test_few_ratings_are_all_shown_and_without_times_they_go_by_item():
    assert shown((1, 3, 2.0, None), (1, 1, 4.0, None), (1, 2, 4.0, 5)) == [
        (2, 4.0),
        (1, 4.0),
        (3, 2.0),
    ]


def test_profiles_with_their_ratings_the_mean_of_all_and_typed_words_alone():
    items = items_table({"item": 1, "year": 1995, "genres": "Crime"}, {"item": 2})
    ratings = ratings_table((1, 1, 5.0, 1), (1, 2, 2.0, 2), (2, 1, 3.0, 1), (9, 1, 1.0, 1))
    users, typed = users_table(1, 2, 3), pl.DataFrame({"user": [2], "text": ["I like trains"]})
    profiles = make_profiles(users, ratings, items, typed, "films", 2026)
    made = with_rated(profiles, ratings, items, typed)
    one, two, three = (Profile.model_validate(row) for row in made.iter_rows(named=True))
    assert [(r.title, r.year, r.genres, r.rating) for r in one.rated] == [
        ("Title 2", None, None, 2.0),
        ("Title 1", 1995, "Crime", 5.0),
    ]
    assert (one.text, one.mean_rating) == ("", 3.5)
    assert (two.text, two.mean_rating) == ("I like trains", 3.0)
    assert (three.text, three.rated, three.mean_rating) == ("", (), None)
    assert with_rated(profiles, ratings, items, None)["text"].to_list() == ["", "", ""]


def test_only_what_is_given_as_train_is_shown():
    items = bare_items(30)
    train = ratings_table(*((1, item, float(item % 5 + 1), item) for item in range(1, 16)))
    later = ratings_table(*((1, item, 5.0, 100 + item) for item in range(16, 31)))
    profiles = make_profiles(users_table(1), train, items, None, "films", 2026)
    before = with_rated(profiles, train, items, None)
    assert before.equals(with_rated(profiles, train, items.head(15), None))
    titles = {rated["title"] for rated in before["rated"][0]}
    assert not titles & {f"Title {item}" for item in later["item"]}
