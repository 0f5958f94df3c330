import pytest

from tasks.core.text import LONGEST
from tasks.data.titles import plain_title
from tasks.wishes.reading import Wish, read_wish

FILMS = {
    "Alien": 1,
    "Aliens": 2,
    "The Matrix": 3,
    "Heat": 4,
    "No Country for Old Men": 5,
    "Dogs": 6,
    "2001: A Space Odyssey": 7,
    "The Good, the Bad and the Ugly": 8,
    "Monsters, Inc.": 9,
    "Country": 10,
    "The Good": 11,
}
KNOWN = {plain_title(title): item for title, item in FILMS.items()}


def find(title):
    return KNOWN.get(plain_title(title))


def read(typed, newest=2029):
    return read_wish(typed, find, newest)


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("no horror", "", ("horror",)),
        ("comedies, nothing violent", "comedies", ("violent",)),
        ("thrillers, not too long", "thrillers", ("long",)),
        ("NO Horror, please: thrillers", "please: thrillers", ("Horror",)),
        ("zombies without gore or blood", "zombies", ("gore", "blood")),
        ("zombies with no gore and blood", "zombies", ("gore", "blood")),
        ("no gore, no blood nor zombies", "", ("gore", "blood", "zombies")),
        ("anything except for very sad dramas", "anything", ("sad dramas",)),
        ("avoid horror. funny", "funny", ("horror",)),
        ("never boring; slow", "slow", ("boring",)),
        ("no gore but funny", "funny", ("gore",)),
        ("funny but not silly, in Paris", "funny, in Paris", ("silly",)),
        ("no gore, no gore", "", ("gore",)),
    ],
)
def test_what_comes_after_a_no_is_not_wanted(typed, wanted, unwanted):
    wish = read(typed)
    assert (wish.wanted, wish.unwanted) == (wanted, unwanted)


@pytest.mark.parametrize(
    "typed",
    [
        "nothing but comedies",
        "not only action",
        "not just action",
        "a no-nonsense cop",
        "northern noir about knots",
        "not",
    ],
)
def test_other_words_with_a_no_are_wanted(typed):
    assert (read(typed).wanted, read(typed).unwanted) == (typed, ())


@pytest.mark.parametrize(
    ("typed", "years"),
    [
        ("from the seventies", (1970, 1979)),
        ("in the Eighties", (1980, 1989)),
        ("80s", (1980, 1989)),
        ("the '60s", (1960, 1969)),
        ("the \u201960s", (1960, 1969)),
        ("1990s", (1990, 1999)),
        ("early 2000s", (2000, 2009)),
        ("before 1980", (None, 1979)),
        ("older than 1980", (None, 1979)),
        ("after 2000", (2001, None)),
        ("since 2000", (2000, None)),
        ("between 1990 and 1995", (1990, 1995)),
        ("between 1995 and 1990", (1990, 1995)),
        ("from 1990 to 1995", (1990, 1995)),
        ("1990-1995", (1990, 1995)),
        ("1990\u20131995", (1990, 1995)),
        ("from 1994", (1994, 1994)),
        ("after 1990 and before 2000", (1991, 1999)),
        ("60s or 70s", (1960, 1979)),
    ],
)
@pytest.mark.parametrize("form", ["{} comedies", "comedies {}", "comedies, {}"])
def test_years_are_read_and_taken_out(typed, years, form):
    wish = read(form.format(typed))
    assert (wish.first_year, wish.last_year) == years
    assert wish.wanted == "comedies"


@pytest.mark.parametrize(
    ("typed", "newest", "first"),
    [("20s", 2029, 2020), ("20s", 2019, 1920), ("twenties", 2029, 2020), ("30s", 2029, 1930)],
)
def test_a_short_decade_is_the_newest_that_has_begun(typed, newest, first):
    assert read(typed, newest).first_year == first


@pytest.mark.parametrize("typed", ["2012 and maya prophecies", "12 angry jurors", "24 hours"])
def test_a_number_alone_is_no_year(typed):
    wish = read(typed)
    assert (wish.first_year, wish.last_year, wish.wanted) == (None, None, typed)


@pytest.mark.parametrize(
    ("typed", "titles", "wanted"),
    [
        ("like Alien, but funny", (1,), "funny"),
        ("like alien", (1,), ""),
        ("LIKE ALIENS!", (2,), ""),
        ("films like The Matrix or Heat", (3, 4), ""),
        ("films like Matrix, Heat and Alien with robots", (3, 4, 1), "films with robots"),
        ("something similar to Heat", (4,), ""),
        ("like \u201cHeat\u201d, but slow", (4,), "slow"),
        ("like Heat or like Alien", (4, 1), ""),
        ("like Heat or Heat", (4,), ""),
        ("like No Country for Old Men", (5,), ""),
        ("like 2001: A Space Odyssey", (7,), ""),
        ("such as The Good, the Bad and the Ugly", (8,), ""),
        ("like Monsters, Inc.", (9,), ""),
    ],
)
def test_titles_after_like_are_examples(typed, titles, wanted):
    wish = read(typed)
    assert (wish.titles, wish.wanted, wish.unwanted) == (titles, wanted, ())
    assert (wish.first_year, wish.last_year) == (None, None)


@pytest.mark.parametrize(
    "typed",
    [
        "I like dogs",
        "people like dogs",
        "we like heat",
        "I would like Heat",
        "Alien",
        "like Unheard Film",
        "like alien abductions",
        "dislike Heat",
    ],
)
def test_what_is_no_example_stays_in_the_wish(typed):
    assert (read(typed).titles, read(typed).wanted) == ((), typed)


def test_everything_at_once_is_told_apart():
    wish = read("Slow films like The Matrix or Heat from the 90s, with robots, no gore or blood")
    assert wish == Wish(
        text="Slow films like The Matrix or Heat from the 90s, with robots, no gore or blood",
        wanted="Slow films, with robots",
        unwanted=("gore", "blood"),
        first_year=1990,
        last_year=1999,
        titles=(3, 4),
    )


def test_control_characters_and_line_ends_are_blanks():
    wish = read("slow\x00\x1b films\n\n\u202eabout\x07 ships\u200b")
    assert wish.text == wish.wanted == "slow films about ships"


def test_typographic_quotes_are_plain_ones():
    assert read("\u201cdark\u201d \u2013 a child\u2019s tale").text == '"dark" - a child\'s tale'


def test_a_very_long_text_is_cut():
    wish = read("slow " * 20_000)
    assert wish.text == wish.wanted == ("slow " * (LONGEST // 5)).strip()


@pytest.mark.parametrize("typed", ["", "   ", "\n\x00", "😀🎉", "!!! ...", "\u200b", '""'])
def test_what_has_no_words_says_nothing(typed):
    wish = read(typed)
    assert not wish.says_something
    assert (wish.wanted, wish.unwanted, wish.titles) == ("", (), ())


@pytest.mark.parametrize("typed", ["slow", "no gore", "before 1980", "since 1980", "like Heat"])
def test_any_part_of_a_wish_says_something(typed):
    assert read(typed).says_something


@pytest.mark.parametrize("typed", ["Фильмы про любовь", "映画 愛", "películas de amor"])
def test_other_scripts_stay_as_typed(typed):
    assert read(typed).wanted == typed


@pytest.mark.parametrize(
    ("typed", "years"),
    [
        ("before the 80s", (None, 1979)),
        ("after the nineties", (2000, None)),
        ("since the eighties", (1980, None)),
        ("up to 1980", (None, 1980)),
        ("pre-1980", (None, 1979)),
        ("in the 1800s", (1800, 1809)),
        ("100s of zombies", (None, None)),
        ("from the mid 90s", (1990, 1999)),
        ("late nineties", (1990, 1999)),
        ("no movies older than 1990", (1990, None)),
        ("nothing newer than 1960", (None, 1960)),
        ("not from the 80s", (None, None)),
        ("a man in his forties", (None, None)),
        ("funny but not silly from the 90s", (1990, 1999)),
        ("before 1980 or after 2000", (None, None)),
    ],
)
def test_years_are_those_that_are_meant(typed, years):
    found = read(typed)
    assert (found.first_year, found.last_year) == years


@pytest.mark.parametrize("typed", ["nothing like Heat", "not like Heat", "no films like Heat"])
def test_an_example_of_what_is_not_wanted_is_avoided(typed):
    found = read(f"a thriller, {typed}")
    assert (found.titles, found.avoided, found.wanted) == ((), (4,), "a thriller")


@pytest.mark.parametrize("typed", ["I really like Heat", "kids who like Heat", "people like Heat"])
def test_what_people_like_is_no_example(typed):
    assert read(typed).titles == ()


@pytest.mark.parametrize(
    ("typed", "unwanted"),
    [
        ("no horror and no gore", ("horror", "gore")),
        ("I don't want horror", ("horror",)),
        ('no "gore"', ("gore",)),
        ("films I have not seen", ()),
    ],
)
def test_more_ways_to_say_no(typed, unwanted):
    assert read(typed).unwanted == unwanted


@pytest.mark.parametrize("typed", ["like Heat in a submarine", "like Heat, Alien"])
def test_titles_end_where_a_name_may(typed):
    assert 4 in read(typed).titles
