import re

import polars as pl
import pytest

from tasks.wishes.index import index_of, terms_of
from tasks.wishes.templates import template_wishes

PLOTS = ["haunted castle", "robot uprising", "desert heist"]
GENRES = ["Horror", "Sci-Fi|Action", "Crime"]
SIZE = 60


def catalogue():
    """60 items of three kinds in turn, ten a decade."""
    return pl.DataFrame(
        {
            "item": range(100, 100 + SIZE),
            "title": [f"Robot {at}" if at % 6 == 1 else f"Name {at}" for at in range(SIZE)],
            "year": [1950 + at for at in range(SIZE)],
            "genres": [GENRES[at % 3] for at in range(SIZE)],
        }
    )


def text_of(at):
    """What all items say, what those of a kind say, and a word of its own."""
    year = "1999" if at % 3 == 0 else ""
    return f"{PLOTS[at % 3]} weather own{chr(97 + at // 26)}{chr(97 + at % 26)} {year}"


TEXTS = [text_of(at) for at in range(SIZE)]
INDEX = index_of(TEXTS)


@pytest.fixture(autouse=True)
def _common(monkeypatch):
    """Words of a third of the items may stand in a wish; those of all may not."""
    monkeypatch.setattr("tasks.wishes.templates.SHARE", 0.4)


def liked(people=40):
    """Of each person six items of several decades, two of each plot."""
    rows = [
        (user, 100 + (7 * user + 13 * step) % SIZE) for user in range(people) for step in range(6)
    ]
    return pl.DataFrame(rows, {"user": pl.Int64, "item": pl.Int64}, orient="row")


def made(given=None, seed=1, items=None):
    asked = liked() if given is None else given
    return template_wishes(asked, catalogue() if items is None else items, INDEX, seed)


def asked_of(text):
    """Words, genre and decade that a wish is for, by its own text."""
    decade = re.search(r"from the (\d{4})s$", text)
    rest = re.sub(r" from the \d{4}s$", "", text)
    genre = next((g for g in ("horror", "sci-fi", "action", "crime") if g in rest), None)
    plot = [word for word in re.findall(r"\w+", rest) if any(word in p.split() for p in PLOTS)]
    return plot, genre, int(decade[1]) if decade else None


def test_a_wish_is_written_for_everybody_with_something_to_say():
    wishes, hits = made()
    assert wishes["user"].to_list() == list(range(40))
    assert wishes["text"].str.len_chars().min() > 3
    assert set(hits["user"]) == set(range(40))


def test_hits_are_the_liked_items_that_hold_all_that_is_asked():
    wishes, hits = made()
    given, items = liked(), catalogue()
    found = hits.group_by("user").agg("item").rows()
    assert len(found) == 40
    texts = dict(wishes.rows())
    for user, its in found:
        plot, genre, decade = asked_of(texts[user])
        assert plot or genre
        expected = []
        for item in given.filter(pl.col("user") == user)["item"].to_list():
            row = items.row(item - 100, named=True)
            fits = set(plot) <= set(TEXTS[item - 100].split())
            fits &= genre is None or genre in row["genres"].lower().split("|")
            fits &= decade is None or row["year"] // 10 == decade // 10
            expected += [item] if fits else []
        assert sorted(its) == sorted(expected) != []


def test_all_kinds_of_wishes_are_written():
    texts = made()[0]["text"].to_list()
    for form in (
        r"\w+",
        r"\w+, \w+",
        r".+ about \w+",
        r".+ about \w+ and \w+",
        r".+ from the \d+s",
    ):
        assert any(re.fullmatch(form, text) for text in texts), form


def test_words_of_the_title_are_not_used():
    robots = liked(SIZE).filter((pl.col("item") - 100) % 6 == 1)
    for seed in range(4):
        texts = " ".join(made(robots, seed)[0]["text"])
        assert "uprising" in texts and "robot" not in terms_of(texts)


def test_words_of_all_items_or_of_one_and_numbers_are_not_used():
    for seed in range(4):
        said = " ".join(made(seed=seed)[0]["text"])
        assert not re.search(r"weather|own|\b1999\b", said)


def test_somebody_of_whose_items_nothing_can_be_said_is_left_out():
    bare = catalogue().with_columns(genres=pl.lit(None, pl.String), title=pl.lit(" ".join(PLOTS)))
    wishes, hits = made(items=bare)
    assert (wishes.height, hits.height) == (0, 0)
    assert wishes.columns == ["user", "text"] and hits.columns == ["user", "item"]


def test_an_item_that_left_the_catalogue_is_passed_over():
    gone = pl.DataFrame({"user": [1, 1, 2], "item": [999, 100, 999]})
    wishes, hits = made(gone)
    assert wishes["user"].to_list() == [1]
    assert hits.rows() == [(1, 100)]


def test_an_unknown_year_is_no_decade():
    undated = catalogue().with_columns(year=pl.lit(None, pl.Int64))
    assert not made(items=undated)[0]["text"].str.contains("from the").any()


def test_the_seed_draws_and_the_order_of_rows_says_nothing():
    first, again = made(), made(liked().sample(fraction=1.0, shuffle=True, seed=3))
    assert first[0].equals(again[0]) and first[1].equals(again[1])
    assert not made(seed=2)[0].equals(first[0])
