import polars as pl
import pytest

from tasks.core.artifacts import read_table
from tasks.core.errors import AmbiguousTitleError, UnknownTitleError
from tasks.data.stages import ingest
from tasks.data.titles import find_item


def catalogue(*rows):
    return pl.DataFrame(
        rows, schema={"item": pl.Int64, "title": pl.String, "year": pl.Int32}, orient="row"
    )


ITEMS = catalogue(
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
    assert find_item(typed, ITEMS) == item


def test_a_title_of_two_items_lists_both():
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("heat", ITEMS)
    assert caught.value.alternatives == [("2", "Heat (1995)"), ("3", "Heat (1986)")]
    assert caught.value.typed == "heat"
    assert '"#2" = Heat (1995); "#3" = Heat (1986)' in caught.value.fix


def test_a_year_that_neither_has_leaves_both():
    with pytest.raises(AmbiguousTitleError) as caught:
        find_item("Heat (2013)", ITEMS)
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
        find_item("Odyssey", ITEMS)
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
    with pytest.raises(UnknownTitleError) as caught:
        find_item(typed, ITEMS)
    assert caught.value.fix


def test_text_ids_are_found_by_number_sign():
    items = ITEMS.with_columns(pl.format("00{}", "item").alias("item"))
    assert find_item("#003", items) == "003"
    assert find_item("Alien", items) == "004"


def test_an_empty_catalogue_knows_no_title():
    with pytest.raises(UnknownTitleError):
        find_item("Heat", catalogue())


def test_titles_of_ml_latest_small_are_found_as_people_type_them(shared, home):
    items = read_table(home, ingest(home, str(shared / "ml-latest-small")).items)
    typed = ["The Shawshank Redemption", "Toy Story", "Heat (1995)", "schindlers list"]
    assert [find_item(title, items) for title in typed] == [318, 1, 6, 527]
