import polars as pl
import pytest

from tasks.data.titles import plain_title, titles_of


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("The MATRIX", "Matrix, The"),
        ("matrix", "Matrix, The"),
        ("teh matrix", "Matrix, The"),
        ("Les Misérables", "Misérables, Les"),
        ("miserables", "Misérables, Les"),
        ("das boot", "Boot, Das"),
        ("amelie", "Amélie"),
        ("Amelie\u0301", "Am\u00e9lie"),
        ("Schindlers List", "Schindler's List"),
        ("wall e", "WALL·E"),
        ("Beauty & the Beast", "Beauty and the Beast"),
        ("  Spider - Man!", "spider-man"),
        ("Monsters, Inc.", "monsters inc"),
        ("good the bad and the ugly", "Good, the Bad and the Ugly, The"),
    ],
)
def test_titles_are_the_same_however_they_are_typed(typed, same):
    assert plain_title(typed) == plain_title(same) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("Alien", "Aliens"), ("Heat 2", "Heat"), ("Thesis", "sis"), ("It", "Is")]
)
def test_other_titles_are_others(one, other):
    assert plain_title(one) != plain_title(other)


def test_a_title_that_is_an_article_stays():
    assert plain_title("The") == "the"


@pytest.mark.parametrize("typed", ["", "  ", "?!", "😀"])
def test_what_has_no_letter_is_no_title(typed):
    assert plain_title(typed) == ""


def titles(*rows):
    """The titles of (item, title, number of ratings or None)."""
    table = pl.DataFrame(
        rows, {"item": pl.Int64, "title": pl.String, "count": pl.Int64}, orient="row"
    )
    return titles_of(table.select("item", "title"), table.drop_nulls().select("item", "count"))


def test_a_name_in_parentheses_is_a_title_too():
    god = "City of God (Cidade de Deus)"
    assert titles((1, god, 5)) == {plain_title(god): [1], "city of god": [1], "cidade de deus": [1]}


def test_also_known_as_is_no_part_of_a_name():
    found = titles((1, "Seven (a.k.a. Se7en)", 5), (2, "Evil Dead (AKA Book of the Dead)", 1))
    assert found["se7en"] == [1]
    assert found["book of the dead"] == [2]


def test_of_one_title_the_best_known_comes_first_and_the_unrated_last():
    assert titles((1, "Heat", None), (2, "Heat", 3), (3, "Heat", 7)) == {"heat": [3, 2, 1]}


def test_what_stands_before_a_colon_is_a_name_too():
    found = titles((1, "Star Wars: Episode IV", 9), (2, "Star Wars: Episode V", 7))
    assert found["star wars"] == [1, 2]


def test_an_item_stands_once_under_a_title():
    assert titles((1, "Heat (heat)", 3))["heat"] == [1]


def test_a_title_without_letters_is_left_out():
    assert titles((1, "???", 3), (2, "Heat (!)", 3)).keys() == {"heat"}
