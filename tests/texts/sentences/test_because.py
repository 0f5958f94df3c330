"""The parts in words: coarse enough to stay the same, and silent about what is unknown."""

import polars as pl
import pytest

from tasks.texts.sentences.listed import IN_WORDS, because


def words(similarity, popularity, date_affinity):
    table = pl.DataFrame(
        {
            "similarity": [similarity],
            "popularity": [popularity],
            "date_affinity": [date_affinity],
        },
        schema=dict.fromkeys(("similarity", "popularity", "date_affinity"), pl.Float64),
    )
    return table.select(because()).item()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            (0.9, 0.9, 0.9),
            "close to their taste, among the best known, from years that they rate most",
        ),
        ((0.4, 0.7, 0.5), "fits their taste, known to many, from years that they also rate"),
        (
            (0.0, 0.3, 0.0),
            "not far from their taste, known to some, from years that they seldom rate",
        ),
        ((-0.5, 0.1, None), "unlike their taste, known to few"),
        ((None, 0.0, None), "rated by nobody yet"),
        ((float("nan"), 0.0, float("nan")), "rated by nobody yet"),
    ],
)
def test_parts_are_said_in_words_and_unknown_ones_not_at_all(parts, said):
    assert words(*parts) == said


def test_a_little_more_or_less_says_the_same():
    assert words(0.70, 0.70, 0.80) == words(0.72, 0.68, 0.83)


def test_every_value_has_words_and_bounds_fall():
    for steps in IN_WORDS.values():
        least = [bound for bound, _ in steps]
        assert least == sorted(least, reverse=True) and least[-1] == float("-inf")
