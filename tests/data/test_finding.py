import polars as pl
import pytest

from tasks.core.artifacts import read_table
from tasks.core.errors import AmbiguousTitleError, NewcomerError
from tasks.data.finding import KnownTitles, find_item
from tasks.data.stages import ingest
from tests.data.catalogues import catalogue, table

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
