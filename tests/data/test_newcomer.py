import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import AmbiguousTitleError, NewcomerError
from tasks.data.newcomer import add_newcomer, find_item, parse_rates
from tasks.data.readers.movielens import describe
from tasks.data.stages import ingest, newcomer_stage

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
    with pytest.raises(NewcomerError) as caught:
        parse_rates([rate], ITEMS, INFO)
    assert f"'{rate}'" in caught.value.what
    assert "from 0.5 to 5" in caught.value.what


def test_titles_that_are_unknown_or_ambiguous_are_not_guessed():
    with pytest.raises(NewcomerError):
        parse_rates(["qzxwv=4"], ITEMS, INFO)
    with pytest.raises(NewcomerError):
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
    assert newcomer.typed is not None
    assert read_table(home, newcomer.typed).rows() == [(13, "slow films")]
    assert read_table(home, newcomer.users).rows() == [(13,)]
    assert read_table(home, newcomer.ratings).height == 3


def test_without_a_typed_taste_none_is_written(home):
    everybody = write_table(home, "ratings", RATINGS)
    assert newcomer_stage.fn(home, everybody, [(1, 5.0)], None).typed is None


def catalogue(*rows):
    return pl.DataFrame(
        rows, schema={"item": pl.Int64, "title": pl.String, "year": pl.Int32}, orient="row"
    )


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
)


@pytest.mark.parametrize(
    ("typed", "item"),
    [
        ("Matrix, The", 1),
        ("The Matrix", 1),
        ("the MATRIX", 1),
        ("The Matirx", 1),
        ("The Matrix (1999)", 1),
        ("Heat (1995)", 2),
        ("heat (1986)", 3),
        (" Heat  (1995) ", 2),
        ("alien", 4),
        ("2001: A Space Odyssey", 6),
        ("千と千尋の神隠し", 7),
        ("Up", 8),
        ("Schindlers List", 9),
        ("#3", 3),
    ],
)
def test_what_is_typed_finds_what_is_meant(typed, item):
    assert find_item(typed, FILMS) == item


def test_a_title_of_two_items_lists_both():
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("heat", FILMS)
    assert caught.value.alternatives == [("2", "Heat (1995)"), ("3", "Heat (1986)")]
    assert caught.value.typed == "heat"
    assert '"#2" = Heat (1995); "#3" = Heat (1986)' in caught.value.fix


def test_a_year_that_neither_has_leaves_both():
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Heat (2013)", FILMS)
    assert {item for item, _ in caught.value.alternatives} == {"2", "3"}


def test_at_most_five_alternatives_are_listed():
    many = catalogue(*((item, "Heat", 1990 + item) for item in range(9)))
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Heat", many)
    assert len(caught.value.alternatives) == 5


def test_a_year_finds_its_item_among_many_of_the_same_title():
    many = catalogue(*((item, "Heat", 1900 + item) for item in range(70)))
    assert find_item("Heat (1965)", many) == 65


def test_part_of_a_title_is_never_taken_without_asking():
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Odyssey", FILMS)
    assert caught.value.alternatives[0] == ("6", "2001: A Space Odyssey (1968)")


def test_the_exact_title_is_taken_beside_one_that_differs_by_a_letter():
    parts = catalogue(
        (1, "Harry Potter and the Deathly Hallows: Part 1", 2010),
        (2, "Harry Potter and the Deathly Hallows: Part 2", 2011),
    )
    assert find_item("Harry Potter and the Deathly Hallows: Part 1", parts) == 1


def test_the_exact_title_and_year_are_taken_beside_a_twin_of_that_year():
    twins = catalogue((1, "French Lieutenants Woman", 1981), (2, "French Lieutenant Woman", 1981))
    assert find_item("French Lieutenants Woman (1981)", twins) == 1


def test_a_year_inside_the_title_is_found_where_the_data_set_has_no_years():
    films = catalogue((1, "Heat (1995)", None), (2, "Heat (1986)", None))
    assert find_item("Heat (1995)", films) == 1


@pytest.mark.parametrize("typed", ["qzxwv", "", "  ", "???", "(1995)", "#99", "#", "#Heat"])
def test_what_comes_close_to_nothing_is_unknown(typed):
    with pytest.raises(NewcomerError) as caught:
        find_item(typed, FILMS)
    assert caught.value.fix


def test_text_ids_are_found_by_number_sign():
    items = FILMS.with_columns(pl.format("00{}", "item").alias("item"))
    assert find_item("#003", items) == "003"
    assert find_item("Alien", items) == "004"


def test_an_empty_catalogue_knows_no_title():
    with pytest.raises(NewcomerError):
        find_item("Heat", catalogue())


def test_titles_of_ml_latest_small_are_found_as_people_type_them(shared, home):
    items = read_table(home, ingest(home, str(shared / "ml-latest-small")).items)
    typed = ["The Shawshank Redemption", "Toy Story", "Heat (1995)", "schindlers list"]
    assert [find_item(title, items) for title in typed] == [318, 1, 6, 527]
