import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import AmbiguousTitleError, NewcomerError
from tasks.data.newcomer import KnownTitles, find_item, new_ids, parse_rates, ratings_of
from tasks.data.readers.movielens import describe
from tasks.data.stages import ingest, people_stage

INFO = describe("tiny")
RATINGS = pl.DataFrame(
    {"user": [3, 12], "item": [1, 2], "rating": [4.0, 5.0], "timestamp": [100, None]}
)


def table(*rows):
    return pl.DataFrame(
        rows, schema={"item": pl.Int64, "title": pl.String, "year": pl.Int32}, orient="row"
    )


def catalogue(*rows, known=None):
    """Of (item, title, year); by item how often it is rated, once where nothing is said."""
    counts = {item: 1 for item, _, _ in rows} | (known or {})
    kinds = {"item": pl.Int64, "count": pl.UInt32}
    return KnownTitles.of(table(*rows), pl.DataFrame(list(counts.items()), kinds, orient="row"))


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


FILMS = catalogue(
    (1, "Matrix, The", 1999),
    (2, "Heat", 1995),
    (3, "Heat", 1986),
    (4, "Alien", 1979),
    (5, "Matrix Reloaded, The", 2003),
    (6, "2001: A Space Odyssey", 1968),
    (7, "千と千尋の神隠し", 2001),
    (8, "Up", 2009),
    (9, "Schindler's List", None),
    (10, "City of God (Cidade de Deus)", 2002),
    (11, "Amelie (Fabuleux destin d'Amélie Poulain, Le)", 2001),
    (12, "Seven (a.k.a. Se7en)", 1995),
    (13, "Blade Runner 2049", 2017),
)


@pytest.mark.parametrize(
    ("typed", "item"),
    [
        ("Matrix, The", 1),
        ("The Matrix", 1),
        ("the MATRIX", 1),
        ("matrix", 1),
        ("Schindlers Lisst", 9),
        ("teh matrix", 1),
        ("The Matrix (1999)", 1),
        ("Heat (1995)", 2),
        ("heat 1986", 3),
        ("heat, 1986", 3),
        (" Heat  (1995) ", 2),
        ("alien", 4),
        ("Álien", 4),
        ("reloaded matrix", 5),
        ("2001: A Space Odyssey", 6),
        ("千と千尋の神隠し", 7),
        ("Up", 8),
        ("Schindlers List", 9),
        ("city of god", 10),
        ("Cidade de Deus", 10),
        ("City of God (Cidade de Deus) (2002)", 10),
        ("le fabuleux destin d'amelie poulain", 11),
        ("se7en", 12),
        ("Blade Runner 2049", 13),
        ("blade runner 2049 (2017)", 13),
        ("#3", 3),
    ],
)
def test_what_is_typed_finds_what_is_meant(typed, item):
    assert find_item(typed, FILMS) == item


def test_a_title_of_two_items_lists_both():
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("heat", FILMS)
    assert caught.value.unsure == {"heat": [("2", "Heat (1995)"), ("3", "Heat (1986)")]}
    assert '"#2" = Heat (1995); "#3" = Heat (1986)' in caught.value.fix


@pytest.mark.parametrize("known", [{2: 10, 3: 30}, {2: 0, 3: 3}], ids=["thrice", "one unrated"])
def test_of_one_title_the_item_rated_three_times_as_often_is_meant(known):
    films = catalogue((2, "Heat", 1995), (3, "Heat", 1986), known=known)
    assert find_item("Heat", films) == 3
    assert find_item("Heat (1995)", films) == 2


def test_of_one_title_the_item_rated_somewhat_more_often_is_only_named_first():
    films = catalogue((2, "Heat", 1995), (3, "Heat", 1986), known={2: 10, 3: 29})
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Heat", films)
    assert [item for item, _ in caught.value.unsure["Heat"]] == ["3", "2"]


def test_a_title_that_nobody_rated_is_no_better_known_than_another():
    films = catalogue((2, "Heat", 1995), (3, "Heat", 1986), known={2: 0, 3: 0})
    with pytest.raises(AmbiguousTitleError):
        find_item("Heat", films)


def test_a_year_that_neither_has_leaves_both():
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Heat (2013)", FILMS)
    assert {item for item, _ in caught.value.unsure["Heat (2013)"]} == {"2", "3"}


def test_at_most_five_alternatives_are_listed():
    many = catalogue(*((item, "Heat", 1990 + item) for item in range(9)))
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Heat", many)
    assert len(caught.value.unsure["Heat"]) == 5


def test_a_year_finds_its_item_among_many_of_the_same_title():
    many = catalogue(*((item, "Heat", 1900 + item) for item in range(70)))
    assert find_item("Heat (1965)", many) == 65


def test_part_of_a_title_is_never_taken_without_asking():
    films = catalogue((6, "2001: A Space Odyssey", 1968), (4, "Alien", 1979), known={6: 9000})
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Odyssey", films)
    assert caught.value.unsure["Odyssey"][0] == ("6", "2001: A Space Odyssey (1968)")


def test_the_exact_title_is_taken_beside_one_that_differs_by_a_letter():
    parts = catalogue(
        (1, "Harry Potter and the Deathly Hallows: Part 1", 2010),
        (2, "Harry Potter and the Deathly Hallows: Part 2", 2011),
        known={2: 1000},
    )
    assert find_item("Harry Potter and the Deathly Hallows: Part 1", parts) == 1


def test_the_exact_title_and_year_are_taken_beside_a_twin_of_that_year():
    twins = catalogue((1, "French Lieutenants Woman", 1981), (2, "French Lieutenant Woman", 1981))
    assert find_item("French Lieutenants Woman (1981)", twins) == 1


def test_of_two_titles_as_close_to_a_slip_the_much_better_known_is_meant():
    twins = (1, "French Lieutenants Woman", 1981), (2, "French Lieutenant Woman", 1981)
    assert find_item("french lieutenent woman", catalogue(*twins, known={2: 3})) == 2
    with pytest.raises(AmbiguousTitleError):
        find_item("french lieutenent woman", catalogue(*twins, known={2: 2}))


def test_of_two_titles_as_close_to_a_slip_the_one_of_the_year_is_meant():
    twins = (1, "French Lieutenants Woman", 1981), (2, "French Lieutenant Woman", 1990)
    assert find_item("french lieutenent woman (1981)", catalogue(*twins)) == 1
    assert find_item("french lieutenent woman (1990)", catalogue(*twins)) == 2


def test_a_year_inside_the_title_is_found_where_the_data_set_has_no_years():
    films = catalogue((1, "Heat (1995)", None), (2, "Heat (1986)", None))
    assert find_item("Heat (1995)", films) == 1


@pytest.mark.parametrize("typed", ["qzxwv", "", "  ", "???", "(1995)", "#99", "#", "#Heat"])
def test_what_comes_close_to_nothing_is_unknown(typed):
    with pytest.raises(NewcomerError) as caught:
        find_item(typed, FILMS)
    assert caught.value.fix


def test_text_ids_are_found_by_number_sign():
    films = table((3, "Heat", 1986), (4, "Alien", 1979))
    named = films.with_columns(pl.format("00{}", "item").alias("item"))
    none = pl.DataFrame(schema={"item": pl.String, "count": pl.UInt32})
    items = KnownTitles.of(named, none)
    assert find_item("#003", items) == "003"
    assert find_item("Alien", items) == "004"


def test_an_empty_catalogue_knows_no_title():
    with pytest.raises(NewcomerError):
        find_item("Heat", catalogue())


@pytest.fixture
def real(shared, home):
    """The catalogue of ml-latest-small."""
    data = ingest(home, str(shared / "ml-latest-small"))
    counts = read_table(home, data.ratings).group_by("item").len("count")
    return KnownTitles.of(read_table(home, data.items), counts)


def test_titles_of_ml_latest_small_are_found_as_people_type_them(real):
    typed = {
        "The Shawshank Redemption": 318,
        "shawshank redemtion": 318,
        "Toy Story": 1,
        "Heat": 6,
        "Heat (1995)": 6,
        "schindlers list": 527,
        "the godfather": 858,
        "godfather": 858,
        "les misérables (1998)": 1873,
        "leon": 293,
    }
    assert {title: find_item(title, real) for title in typed} == typed


@pytest.mark.parametrize(
    ("typed", "first"),
    [("star wars", "260"), ("twelve angry men", "1203"), ("lord of the rings fellowship", "4993")],
)
def test_unsure_titles_of_ml_latest_small_name_the_likeliest_first(real, typed, first):
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item(typed, real)
    assert caught.value.unsure[typed][0][0] == first
