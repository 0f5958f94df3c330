import numpy as np
import polars as pl

from tasks.features.similarity.scorer import score_candidates
from tests.features.similarity.asked import Person, asked

ASKED = asked([Person("", [], ["a", "b", "c"]), Person("", [], ["b"])])


def scorer_of(values):
    return lambda _asked: np.array(values, dtype=float)


def test_scores_stand_in_the_order_of_the_candidates():
    made = score_candidates(scorer_of([0.1, 0.2, 0.3, 0.4]), ASKED)
    assert made.columns == ["user", "item", "similarity"]
    assert made.select("user", "item").rows() == [(0, 0), (0, 1), (0, 2), (1, 1)]
    assert made["similarity"].to_list() == [0.1, 0.2, 0.3, 0.4]


def test_no_score_is_null_there_alone_and_scores_off_the_range_are_clipped():
    made = score_candidates(scorer_of([np.nan, -3.0, 0.5, 2.0]), ASKED)
    assert made["similarity"].to_list() == [None, -1.0, 0.5, 1.0]


def test_no_score_at_all_is_null_throughout():
    made = score_candidates(scorer_of([np.nan] * 4), ASKED)
    assert made["similarity"].to_list() == [None] * 4
    assert made["similarity"].dtype == pl.Float64


def test_no_candidates_give_an_empty_table():
    made = score_candidates(scorer_of([]), asked([]))
    assert made.columns == ["user", "item", "similarity"]
    assert made.is_empty()
