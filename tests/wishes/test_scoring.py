import math
from statistics import fmean, pstdev

import numpy as np
import pytest

from tasks.wishes.index import index_of
from tasks.wishes.reading import Wish
from tasks.wishes.scoring import WordCatalogue, met_by, z

TEXTS = ["ghost ship", "robot ghost", "comedy in paris", "robot war", "", "ghost comedy"]
COUNTS = [100, 3, 0, 25, 7, 1]
YEARS = [1980, 1985, 0, 1990, 1999, 2005]
WANTED, UNWANTED = (np.eye(4, dtype=np.float32)[[at]] for at in (0, 1))
NONE = np.empty((0, 4), np.float32)
NO_TITLES = np.empty(0, np.int64)


def vectors():
    """Six of norm 1, of width 4."""
    drawn = np.random.default_rng(3).normal(size=(6, 4))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


CATALOGUE = WordCatalogue(index_of(TEXTS), vectors(), np.array(YEARS), np.array(COUNTS))


def met(wanted="", unwanted=(), near=NONE, far=NONE, titles=NO_TITLES, **years):
    wish = Wish(text="", wanted=wanted, unwanted=unwanted, **years)
    return met_by(wish, CATALOGUE, near, far, titles)


def deviations(values):
    mean, spread = fmean(values), pstdev(values)
    return [(value - mean) / spread if spread > 1e-9 else 0.0 for value in values]


def dots(vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in vectors().tolist()]


def test_scores_are_likeness_terms_and_fame_less_likeness_to_the_unwanted():
    asked = np.concatenate([WANTED, CATALOGUE.vectors[[3]]])
    found = met("robot", ("paris", "sad"), asked, np.concatenate([UNWANTED, WANTED]))
    middle = [(a + b) / 2 for a, b in zip(*asked.tolist(), strict=True)]
    terms = CATALOGUE.terms.likeness("robot").tolist()
    parts = zip(
        deviations(dots(middle)),
        deviations(terms),
        deviations([math.log(1 + count) for count in COUNTS]),
        deviations(dots(UNWANTED[0].tolist())),
        deviations(dots(WANTED[0].tolist())),
        strict=True,
    )
    expected = [
        like + 0.3 * min(term, 6.0) + known - 1.5 * max(one, 0.0) - 1.5 * max(two, 0.0)
        for like, term, known, one, two in parts
    ]
    expected[2] = -math.inf  # its text says Paris
    np.testing.assert_allclose(found.scores, expected, atol=1e-5)
    np.testing.assert_allclose(found.likeness, dots(middle), atol=1e-6)


def test_a_rare_term_in_common_counts_up_to_a_limit():
    texts = ["ghost", *["robot"] * 99]
    same = np.tile(WANTED, (100, 1))
    alike = WordCatalogue(index_of(texts), same, np.zeros(100, int), np.ones(100, int))
    found = met_by(Wish(text="", wanted="ghost"), alike, WANTED, NONE, NO_TITLES)
    assert z(alike.terms.likeness("ghost").astype(float))[0] > 9
    assert found.scores[0] == pytest.approx(0.3 * 6.0)


def ruled_out(found):
    assert not np.isnan(found.scores).any() and not np.isposinf(found.scores).any()
    return np.flatnonzero(np.isneginf(found.scores)).tolist()


@pytest.mark.parametrize(
    ("years", "out"),
    [
        ({"first_year": 1985, "last_year": 1990}, [0, 2, 4, 5]),
        ({"first_year": 1990}, [0, 1, 2]),
        ({"last_year": 1985}, [2, 3, 4, 5]),
        ({}, []),
    ],
)
def test_other_years_and_unknown_ones_are_ruled_out(years, out):
    assert ruled_out(met("ghost", near=WANTED, **years)) == out


def test_titles_named_are_ruled_out():
    titles = np.array([3, 0])
    assert ruled_out(met(near=CATALOGUE.vectors[titles], titles=titles)) == [0, 3]


@pytest.mark.parametrize(
    ("unwanted", "out"),
    [
        (("ghosts",), [0, 1, 5]),
        (("robot ghosts",), [1]),
        (("robots", "paris"), [1, 2, 3]),
        (("a dragon",), []),
        (("the",), []),
    ],
)
def test_items_that_hold_all_words_of_an_unwanted_phrase_are_ruled_out(unwanted, out):
    far = np.repeat(UNWANTED, len(unwanted), axis=0)
    assert ruled_out(met("ship", unwanted, WANTED, far)) == out


def test_likeness_to_the_unwanted_lowers_and_unlikeness_raises_nothing():
    plain, less = met("ship", near=WANTED), met("ship", ("dragon",), WANTED, UNWANTED)
    near = z(CATALOGUE.vectors @ UNWANTED[0]) > 0
    assert 0 < near.sum() < len(near)
    assert (less.scores[near] < plain.scores[near]).all()
    np.testing.assert_array_equal(less.scores[~near], plain.scores[~near])
    np.testing.assert_array_equal(less.likeness, plain.likeness)


def test_a_wish_for_years_alone_goes_by_how_known_items_are():
    found = met(first_year=1980)
    assert np.argsort(-found.scores).tolist()[:5] == [0, 3, 4, 1, 5]
    assert not found.likeness.any()


def test_deviations_of_what_is_all_alike_are_none():
    assert z(np.array([2.0, 2.0])).tolist() == [0, 0]
    assert z(np.array([1.0, 3.0])).tolist() == [-1, 1]
