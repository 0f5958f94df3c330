import pytest

from tasks.data.enriching.matching import is_outdated, is_same, titles_in
from tasks.data.enriching.records import Movie


def hit(title, released="1995-05-17", original=None):
    return Movie(id=1, title=title, original_title=original or title, release_date=released)


@pytest.mark.parametrize(
    ("written", "titles"),
    [
        ("Heat", ["Heat"]),
        ("Matrix, The", ["The Matrix"]),
        (
            "City of Lost Children, The (Cité des enfants perdus, La)",
            [
                "The City of Lost Children",
                "La Cité des enfants perdus",
                "City of Lost Children, The (Cité des enfants perdus, La)",
            ],
        ),
        ("Apartment, The (Appartement, L')", ["The Apartment", "L'Appartement"]),
        ("Men in Black (a.k.a. MIB)", ["Men in Black", "MIB"]),
        (
            "Bicycle Thieves (a.k.a. The Bicycle Thief) (Ladri di biciclette)",
            ["Bicycle Thieves", "The Bicycle Thief", "Ladri di biciclette"],
        ),
        ("(500) Days of Summer", ["(500) Days of Summer"]),
        ("Paris, Texas", ["Paris, Texas"]),
        ("千と千尋の神隠し", ["千と千尋の神隠し"]),
        ("(", ["("]),
    ],
)
def test_a_title_holds_several_articles_in_front(written, titles):
    names = titles_in(written)
    assert names[: len(titles)] == titles
    assert set(names) - set(titles) <= {written}


@pytest.mark.parametrize(
    ("title", "year", "movie"),
    [
        ("Heat", 1995, hit("Heat")),
        ("HEAT", 1995, hit("Heat")),
        ("Matrix, The", 1999, hit("The Matrix", "1999-03-31")),
        ("Matrix, The", 1998, hit("The Matrix", "1999-03-31")),
        ("Amelie (Fabuleux destin d'Amélie Poulain, Le)", 2001, hit("Amélie", "2001-04-25")),
        (
            "City of Lost Children, The (Cité des enfants perdus, La)",
            1995,
            hit("Children Lost", original="La Cité des Enfants Perdus"),
        ),
        ("Sense and Sensibility", 1995, hit("Sense & Sensibility")),
        ("Color of Money, The", 1995, hit("The Colour of Money")),
        (
            "Birdman: Or (The Unexpected Virtue of X)",
            1995,
            hit("Birdman or (The Unexpected Virtue of X)"),
        ),
    ],
)
def test_the_same_title_and_year_is_the_same_movie(title, year, movie):
    assert is_same(title, year, movie) is True


@pytest.mark.parametrize(
    ("title", "year", "movie"),
    [
        ("Heat", 1995, hit("Casablanca", "1995-01-01")),
        ("Heat", 1995, hit("Dead Heat", "1988-05-06")),
        ("Matrix, The", 1999, hit("The Matrix Reloaded", "2003-05-15")),
        ("Heat", None, hit("Casablanca")),
        ("Heat", 1995, hit("", "1995-01-01")),
    ],
)
def test_another_title_is_another_movie(title, year, movie):
    assert is_same(title, year, movie) is False


@pytest.mark.parametrize(
    ("title", "year", "movie"),
    [
        ("Heat", 1995, hit("Heat", "1986-11-13")),
        ("Heat", None, hit("Heat")),
        ("Heat", 1995, hit("Heat", "")),
        ("Heat", 1995, hit("Heart")),
        ("Star Wars: Episode IV - A New Hope", 1977, hit("Star Wars", "1977-05-25")),
        ("Deathly Hallows: Part 1", 2010, hit("Deathly Hallows: Part 2", "2011-07-12")),
        ("Back to the Future Part II", 1989, hit("Back to the Future Part III", "1990-05-25")),
        ("Day & Night", 2010, hit("Knight and Day", "2010-06-15")),
    ],
)
def test_what_is_close_but_not_clear_is_for_the_judge(title, year, movie):
    assert is_same(title, year, movie) is None


@pytest.mark.parametrize(
    ("title", "year", "movie", "outdated"),
    [
        ("Heat", 1995, hit("Heat"), False),
        ("Heat", 1995, hit("Heat", "2013-01-01"), False),
        ("Drunken Master (Jui kuen)", 1978, hit("Zui quan", "1978-10-05"), False),
        ("Heat", 1995, hit("Fawlty Towers", "1975-09-19"), True),
        ("Heat", None, hit("Fawlty Towers"), True),
        ("Heat", 1995, hit("Fawlty Towers", ""), True),
    ],
)
def test_an_id_is_outdated_when_neither_title_nor_year_agree(title, year, movie, outdated):
    assert is_outdated(title, year, movie) is outdated
