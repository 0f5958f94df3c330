from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from tasks.wishes.asked import ReadWish
from tasks.wishes.index import index_of
from tasks.wishes.notes import notes_of
from tasks.wishes.reading import Wish
from tasks.wishes.scoring import Met

TEXTS = ["ghost ship", "ghost train", "ghost town", "robot love", *["drama"] * 16]


def shelves():
    """Twenty items: 1 is Alien, 2 is Heat."""
    return SimpleNamespace(
        items=pl.DataFrame({"item": range(1, 21), "title": ["Alien", "Heat", *["Up"] * 18]}),
        catalogue=SimpleNamespace(terms=index_of(TEXTS)),
        places={item: item - 1 for item in range(1, 21)},
    )


def met(*likeness, out=()):
    """Twenty items of these likenesses, the others 0; at positions `out` they are ruled out."""
    near = np.array([*likeness, *[0.0] * (20 - len(likeness))])
    scores = near.copy()
    scores[list(out)] = -np.inf
    return Met(scores, near)


CLOSE = met(0.6, 0.55)


def notes(how=CLOSE, **wish):
    return notes_of(ReadWish(Wish(text="", **{"wanted": "", **wish}), how), shelves())


def test_of_words_that_are_met_there_is_nothing_to_say():
    assert notes(wanted="ghosts") == []


def test_words_that_say_nothing_are_told():
    assert notes(how=None) == ["These words say nothing: the list is made without them."]


def test_exceptions_are_told():
    assert notes(wanted="ghosts", unwanted=("gore", "blood")) == ["Left out: gore, blood."]


@pytest.mark.parametrize(
    ("years", "told"),
    [
        ({"first_year": 1980, "last_year": 1989}, "Years: 1980 to 1989."),
        ({"first_year": 1980}, "Years: 1980 to any."),
        ({"last_year": 1989}, "Years: any to 1989."),
    ],
)
def test_years_are_told(years, told):
    assert notes(**years) == [told]


def test_titles_are_told():
    assert notes(titles=(2, 1)) == ["Like Heat, Alien, by its text."]


def test_words_that_rule_everything_out_are_told_with_the_reason():
    said = notes(met(0.9, out=range(20)), wanted="dragons", last_year=1900)
    assert said == ["Years: any to 1900.", "No item is left by these words; they are passed over."]


def test_words_that_no_text_says_are_named():
    assert notes(wanted="ghosts and Dragons in love") == ["No text here says dragons."]
    said = ["No text here says dragons or wyverns."]
    assert notes(wanted="ghost dragons, robot wyverns") == said


def test_where_most_words_are_unknown_it_may_be_another_language():
    assert notes(wanted="geister und roboter") == [
        "Nothing here is close to 'geister und roboter'. The nearest are listed.",
        "No text here says geister or und or roboter.",
        "Words of another language than English are understood badly, if these are.",
    ]


FAR = "Nothing here is close to 'robot drama'. The nearest are listed."


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (met(0.49, 0.45), [FAR]),
        (met(0.51), []),
        (met(*[0.43] * 10), []),
        (met(*[0.43] * 9), [FAR]),
        (met(0.9, *[0.3] * 19, out=[0]), [FAR]),
    ],
    ids=["far", "one near", "ten nearly", "nine nearly", "the near one ruled out"],
)
def test_words_whose_nearest_texts_are_far_are_told(how, said):
    assert notes(how, wanted="robot drama") == said


def test_three_items_with_all_words_are_close_whatever_their_texts():
    assert notes(met(0.1), wanted="ghosts") == []
    assert notes(met(0.1), wanted="robot") != []


def test_what_is_like_a_title_is_never_far():
    assert notes(met(0.1), wanted="robot", titles=(1,)) == ["Like Alien, by its text."]


def test_few_items_left_are_judged_by_those():
    assert notes(met(0.6, 0.1, out=range(2, 20)), wanted="robot drama") == []
    assert notes(met(0.4, 0.1, out=range(2, 20)), wanted="robot drama") == [FAR]
