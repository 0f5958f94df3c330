import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.evaluation.metrics import list_metrics


def measured(places, rank="rank", length=12):
    """Metrics of one person per place: where the held-out item stands, None: no candidate."""
    rows, held = [], []
    for user, place in enumerate(places, start=1):
        held.append((user, 1000))
        for position in range(1, length + 1):
            item = 1000 if position == place else position
            rows.append((user, item, position, length + 1 - position))
    pair = {"user": pl.Int64, "item": pl.Int64}
    ranked = pl.DataFrame(
        rows, schema=pair | dict.fromkeys(["rank", "other"], pl.Int32), orient="row"
    )
    found = list_metrics(ranked, pl.DataFrame(held, schema=pair, orient="row"), rank)
    return {row["metric"]: row for row in found.iter_rows(named=True)}


def ndcg(relevant):
    """Järvelin and Kekäläinen's NDCG@10 of a list of relevances, one of which may be missing."""
    discounts = 1 / np.log2(np.arange(2, 12))
    gains = np.zeros(10)
    gains[: len(relevant[:10])] = relevant[:10]
    ideal = discounts[0]
    return (gains * discounts).sum() / ideal


def test_metrics_by_hand():
    found = measured([1, 3, 10, 11])
    assert found["HR"]["value"] == pytest.approx(3 / 4)
    assert found["NDCG"]["value"] == pytest.approx((1 + 1 / 2 + 1 / math.log2(11) + 0) / 4)
    assert found["HR"]["users"] == found["NDCG"]["users"] == 4
    assert found["HR"]["k"] == found["NDCG"]["k"] == 10


def test_the_standard_error_is_that_of_the_mean():
    found = measured([1, 3, 10, 11])
    assert found["HR"]["standard_error"] == pytest.approx(0.5 / 2)
    gains = [1, 1 / 2, 1 / math.log2(11), 0]
    assert found["NDCG"]["standard_error"] == pytest.approx(np.std(gains, ddof=1) / 2)


def test_one_user_has_no_standard_error():
    assert measured([1])["HR"]["standard_error"] is None


def test_a_held_out_item_that_is_no_candidate_counts_zero():
    found = measured([1, None])
    assert found["HR"]["value"] == 0.5
    assert found["NDCG"]["value"] == 0.5
    assert found["HR"]["users"] == 2


def test_a_user_without_any_candidates_counts_zero():
    ranked = pl.DataFrame({"user": [1], "item": [7], "rank": [1]})
    held = pl.DataFrame({"user": [1, 2], "item": [7, 7]})
    found = list_metrics(ranked, held, "rank")
    assert found["value"].to_list() == [0.5, 0.5]
    assert found["users"].to_list() == [2, 2]


def test_lists_of_users_with_nothing_held_out_are_ignored():
    ranked = pl.DataFrame({"user": [1, 2], "item": [7, 7], "rank": [1, 1]})
    found = list_metrics(ranked, pl.DataFrame({"user": [1], "item": [7]}), "rank")
    assert found["value"].to_list() == [1.0, 1.0]
    assert found["users"].to_list() == [1, 1]


def test_the_chosen_column_gives_the_order():
    assert measured([12])["HR"]["value"] == 0.0
    assert measured([12], rank="other")["NDCG"]["value"] == 1.0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.none() | st.integers(1, 12), min_size=1, max_size=15))
def test_ndcg_agrees_with_an_independent_one(places):
    relevances = [[float(position == place) for position in range(1, 13)] for place in places]
    expected = np.mean([ndcg(relevant) for relevant in relevances])
    assert measured(places)["NDCG"]["value"] == pytest.approx(expected)
    hits = np.mean([any(relevant[:10]) for relevant in relevances])
    assert measured(places)["HR"]["value"] == pytest.approx(hits)
