import numpy as np
import polars as pl
import pytest

from tasks.core.arrays import places_of
from tasks.models.interactions import interactions_of

RATINGS = pl.DataFrame({"user": [5, 2, 5, 9, 2], "item": [30, 10, 10, 20, 30]})


@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
def test_the_matrix_has_a_one_where_the_user_rated_the_item_whatever_the_order(kind):
    for rows in (RATINGS, RATINGS.sort("user", "item"), RATINGS.reverse()):
        users, items, rated = interactions_of(rows.cast(kind))
        assert [str(user) for user in users] == ["2", "5", "9"]
        assert [str(item) for item in items] == ["10", "20", "30"]
        assert rated.toarray().tolist() == [[1, 0, 1], [1, 0, 1], [0, 1, 0]]
        assert rated.has_sorted_indices and rated.dtype == np.float32


def test_text_is_found_by_its_whole_self():
    place, known = places_of(np.array(["a", "ab", "b"]), pl.Series(["ab", "abc", "", "b", "a"]))
    assert known.tolist() == [True, False, False, True, True]
    assert place[known].tolist() == [1, 2, 0]
