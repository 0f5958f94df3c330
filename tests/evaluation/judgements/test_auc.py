import numpy as np
import polars as pl
import pytest

from tasks.evaluation.judgements.auc import within_person_auc


def test_pairs_in_order_count_and_ties_count_one_half():
    table = pl.DataFrame({"user": [1, 1, 1, 2, 2, 3], "rating": [5, 3, 1, 4, 4, 2]})
    found = within_person_auc(table, np.array([3.0, 3.0, 1.0, 1.0, 2.0, 1.0]))
    assert found["AUC"].to_list() == [pytest.approx(2.5 / 3), None, None]
    unknown = within_person_auc(table, np.array([np.nan, 3.0, 1.0, 1.0, 2.0, 1.0]))
    assert unknown["AUC"][0] == pytest.approx(2 / 3)
    by_another = within_person_auc(table.rename({"rating": "hit"}), np.arange(6.0), "hit")
    assert by_another["AUC"].to_list() == [0.0, None, None]
