import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import AmbiguousTitleError, NewcomerError
from tasks.data.newcomer import new_ids, parse_rates, ratings_of
from tasks.data.readers.movielens import describe
from tasks.data.stages import people_stage
from tests.data.catalogues import catalogue

INFO = describe("tiny")
RATINGS = pl.DataFrame(
    {"user": [3, 12], "item": [1, 2], "rating": [4.0, 5.0], "timestamp": [100, None]}
)


TINY = catalogue((1, "Heat", 1995), (2, "E=mc2", 2005), (3, "Alien", 1979), (4, "Heat", 1986))


def test_each_rate_is_an_item_and_its_rating():
    rates = ["Alien=5", "#2=0.5", " Heat (1995) = 4.5 "]
    assert parse_rates(rates, TINY, INFO) == [(3, 5.0), (2, 0.5), (1, 4.5)]


def test_a_title_may_contain_an_equals_sign():
    assert parse_rates(["E=mc2=3"], TINY, INFO) == [(2, 3.0)]


def test_of_one_item_rated_twice_the_last_rating_counts():
    assert parse_rates(["Alien=1", "E=mc2=3", "#3=5"], TINY, INFO) == [(3, 5.0), (2, 3.0)]


@pytest.mark.parametrize(
    "rate", ["Alien", "Alien=", "Alien=good", "Alien=5.5", "Alien=0", "Alien=nan", "Alien=inf", ""]
)
def test_a_malformed_or_impossible_rating_is_refused(rate):
    with pytest.raises(NewcomerError) as caught:
        parse_rates([rate], TINY, INFO)
    assert f"'{rate}'" in caught.value.what
    assert "from 0.5 to 5" in caught.value.what


def test_titles_that_are_unknown_or_ambiguous_are_not_guessed():
    with pytest.raises(NewcomerError):
        parse_rates(["qzxwv=4"], TINY, INFO)
    with pytest.raises(NewcomerError):
        parse_rates(["=4"], TINY, INFO)
    with pytest.raises(AmbiguousTitleError):
        parse_rates(["Heat=4"], TINY, INFO)


def test_no_rates_are_no_ratings():
    assert parse_rates([], TINY, INFO) == []


def test_all_unsure_titles_are_told_at_once():
    films = catalogue((1, "Heat", 1995), (2, "Heat", 1986), (3, "Emma", 1996), (4, "Emma", 2020))
    with pytest.raises(AmbiguousTitleError) as caught:
        parse_rates(["heat=4", "Heat (1986)=5", "Emma=3"], films, INFO)
    assert caught.value.unsure == {
        "heat": [("1", "Heat (1995)"), ("2", "Heat (1986)")],
        "Emma": [("3", "Emma (1996)"), ("4", "Emma (2020)")],
    }
    assert "'heat' or 'Emma'" in caught.value.what
    assert '\'Emma\': "#3" = Emma (1996); "#4" = Emma (2020)' in caught.value.fix


def test_a_title_that_nothing_comes_close_to_is_told_even_beside_unsure_ones():
    with pytest.raises(NewcomerError, match="qzxwv"):
        parse_rates(["Heat=4", "qzxwv=4"], TINY, INFO)


def test_somebody_else_may_settle_an_unsure_title():
    asked = []

    def choose(typed, labels):
        asked.append((typed, list(labels)))
        return 1

    assert parse_rates(["Alien=2", " heat =4"], TINY, INFO, choose) == [(3, 2.0), (4, 4.0)]
    assert asked == [("heat", ["Heat (1995)", "Heat (1986)"])]


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        (["ann", "bob"], ["you", "you 2"]),
        (["ann", "you"], ["you 2", "you 3"]),
        (["you 2", "ann"], ["you", "you 3"]),
        ([3, 12], [13, 14]),
    ],
)
def test_new_ids_are_of_the_same_type_and_nobody_elses(taken, free):
    assert new_ids(pl.Series(taken), 2) == free


def test_where_nobody_is_yet_the_first_id_is_one():
    assert new_ids(pl.Series([], dtype=pl.Int64), 2) == [1, 2]


def test_each_of_several_people_gives_the_same_ratings_in_the_form_of_the_data_set():
    given = ratings_of([14, 13], [(2, 3.0), (1, 5.0)], RATINGS.schema)
    assert given.schema == RATINGS.schema
    assert given.rows() == [
        (13, 1, 5.0, None),
        (13, 2, 3.0, None),
        (14, 1, 5.0, None),
        (14, 2, 3.0, None),
    ]


def test_without_rated_titles_there_are_no_ratings():
    assert ratings_of([13], [], RATINGS.schema).rows() == []


def people(home, like=None, rated=(), tastes=(), ratings=RATINGS):
    """The people added to these ratings, and their users, ratings and words."""
    added = people_stage.fn(home, write_table(home, "all", ratings), like, list(rated), tastes)
    typed = None if added.typed is None else read_table(home, added.typed).rows()
    users = read_table(home, added.users)["user"].to_list()
    return added.ids, users, read_table(home, added.ratings).rows(), typed


def test_somebody_without_a_taste_is_one_person_with_the_ratings_typed(home):
    ids, users, mine, typed = people(home, rated=[(2, 3.0), (1, 5.0)])
    assert (ids, users, typed) == ([13], [13], None)
    assert mine == [(13, 1, 5.0, None), (13, 2, 3.0, None)]


def test_each_taste_is_a_person_with_the_same_ratings(home):
    ids, users, mine, typed = people(home, rated=[(1, 5.0)], tastes=["slow", "fast"])
    assert ids == users == [13, 14]
    assert mine == [(13, 1, 5.0, None), (14, 1, 5.0, None)]
    assert typed == [(13, "slow"), (14, "fast")]


def test_a_taste_alone_needs_no_ratings(home):
    assert people(home, tastes=["slow"]) == ([13], [13], [], [(13, "slow")])


def test_people_like_a_user_have_a_copy_of_the_users_ratings_for_each_taste(home):
    _, users, mine, _ = people(home, like=3, tastes=["slow", "fast"])
    assert users == [13, 14]
    assert mine == [(13, 1, 4.0, 100), (14, 1, 4.0, 100)]


def test_what_is_typed_counts_before_the_rating_of_the_user(home):
    _, _, mine, _ = people(home, like="3", rated=[(1, 0.5), (2, 2.0)])
    assert mine == [(13, 1, 0.5, None), (13, 2, 2.0, None)]


@pytest.mark.parametrize("like", [99, "ann", ""])
def test_a_user_that_nobody_is_cannot_be_followed(home, like):
    with pytest.raises(NewcomerError, match=f"no user {like} "):
        people(home, like=like)


def test_text_ids_stay_in_the_order_of_the_tastes_where_users_are_sorted(home):
    named = RATINGS.with_columns(pl.Series("user", ["you", "ann"]))
    tastes = [f"taste {number}" for number in range(10)]
    ids, users, mine, typed = people(home, "ann", [], tastes, named)
    assert ids == [f"you {number}" for number in range(2, 12)]
    assert users == sorted(ids) != ids
    assert [user for user, *_ in mine] == users
    assert typed == sorted(zip(ids, tastes, strict=True))
