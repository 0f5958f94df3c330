"""How well a judgement alone orders the heads of a sample, beside other orders."""

import numpy as np
import polars as pl
import pytest

from tasks.cascade.alone import BLENDED, LEARNED, MODEL, MOST_RATED, Figure, figures
from tasks.cascade.blend import fit_blend
from tasks.cascade.heads import drawn
from tests.cascade.made_up import heads

PART = "heads, split"


def sample(seed: int = 3, knows: float = 0.8) -> pl.DataFrame:
    return drawn(heads(seed, knows=knows), 100, seed)


def by_name(told: tuple[Figure, ...]) -> dict[tuple[str, str | None, str], Figure]:
    return {(one.list, one.against, one.metric): one for one in told}


def test_a_model_that_knows_something_tells_hits_from_misses_better_than_fame() -> None:
    people = sample()
    blend = fit_blend(people.filter("fitting"))
    told = by_name(figures(people, blend, PART, 3))
    alone = told[MODEL, None, "AUC"]
    assert alone.users == 200 and alone.value and 0.6 < alone.value < 0.9
    assert alone.low and alone.high and alone.low < alone.value < alone.high
    assert told[MOST_RATED, None, "AUC"].value == pytest.approx(0.5, abs=0.05)
    beyond = told[MODEL, MOST_RATED, "AUC"]
    assert beyond.verdict == "higher" and beyond.judge == MODEL
    both = told[BLENDED, LEARNED, "NDCG@10"]
    assert both.users == 100 and both.verdict == "higher", "of those who were not fitted on"
    assert {one.part for one in told.values()} == {PART}
    assert told[LEARNED, None, "AUC"].judge is None


def test_noise_tells_nothing() -> None:
    told = by_name(figures(sample(knows=0.0), None, PART, 3))
    assert told[MODEL, None, "AUC"].value == pytest.approx(0.5, abs=0.05)
    assert told[MODEL, LEARNED, "AUC"].verdict == "lower"
    assert (BLENDED, LEARNED, "AUC") not in told


def test_two_people_by_hand() -> None:
    people = pl.DataFrame(
        {
            "user": [1, 1, 1, 2, 2, 2],
            "rank": [1, 2, 3, 1, 2, 3],
            "known": [5, 9, 1, 4, 4, 4],
            "similarity": [0.1, None, 0.9, 0.2, 0.8, 0.8],
            "held_out": [False, False, True, True, False, False],
            "relevant": [1, 1, 1, 1, 1, 1],
            "fitting": [True, True, True, True, True, True],
        }
    )
    told = by_name(figures(people, None, PART, 1))
    assert told[MODEL, None, "AUC"].value == pytest.approx((1.0 + 0.0) / 2)
    assert told[MOST_RATED, None, "AUC"].value == pytest.approx((0.0 + 0.5) / 2)
    assert told[LEARNED, None, "AUC"].value == pytest.approx((0.0 + 1.0) / 2)
    third = 1 / np.log2(4)
    assert told[LEARNED, None, "NDCG@10"].value == pytest.approx((third + 1) / 2)
    assert told[MODEL, None, "NDCG@10"].value == pytest.approx((1 + third) / 2)


def test_of_nobody_nothing_is_said() -> None:
    assert figures(sample().clear(), None, PART, 1) == ()
