from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from tasks.wishes.index import index_of
from tasks.wishes.reading import Wish
from tasks.wishes.reasons import reasons_of
from tasks.wishes.scoring import WordCatalogue


class Known(NamedTuple):
    """What reasons are told from."""

    items: pl.DataFrame
    catalogue: WordCatalogue
    places: dict[int | str, int]


TEXTS = ["a ghost ship at sea", "robots in a love story", "science fiction of old ghosts", ""]
KNOWN = Known(
    pl.DataFrame({"item": [3, 5, 7, 9], "title": ["Alien", "Heat", "Emma", "Up"]}),
    WordCatalogue(
        index_of(TEXTS), np.empty((4, 0), np.float32), np.zeros(4, int), np.zeros(4, int)
    ),
    {3: 0, 5: 1, 7: 2, 9: 3},
)


def reasons(places=(0, 1, 2, 3), **wish):
    return reasons_of(Wish(text="", **{"wanted": "", **wish}), KNOWN, np.array(places))


def test_an_item_meets_the_words_that_its_text_holds_as_they_were_typed():
    assert reasons(wanted="Ghosts of the sea, in love") == [
        "ghosts, sea: as you asked",
        "love: as you asked",
        "ghosts: as you asked",
        "close to what you asked for",
    ]


def test_reasons_follow_the_places():
    assert reasons([2, 0], wanted="ship sci-fi") == [
        "sci-fi: as you asked",
        "ship: as you asked",
    ]
    assert reasons_of(Wish(text="", wanted="ship"), KNOWN, np.empty(0, np.int64)) == []


def test_at_most_three_words_are_told():
    assert reasons([2], wanted="old ghosts: science, fiction") == [
        "old, ghosts, science: as you asked"
    ]


def test_an_item_is_like_the_titles_named_where_it_holds_no_word():
    assert reasons([0, 3], wanted="sea", titles=(5, 7)) == [
        "sea: as you asked",
        "like Heat or Emma",
    ]


@pytest.mark.parametrize("years", [{"first_year": 1980}, {"last_year": 1980}])
def test_a_wish_for_years_alone_is_met_by_them(years):
    assert reasons([1], **years) == ["from the years you asked for"]


def test_what_is_only_unwanted_is_no_reason():
    assert reasons([0, 1], unwanted=("gore",)) == [None, None]
