import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.night.changes import rows_of_changed_users

PAIR = ["user", "item"]
pairs = st.tuples(st.integers(1, 5), st.integers(1, 4))
nights = st.dictionaries(pairs, st.sampled_from([1.0, 2.0, None]), max_size=12)


def table(night: dict[tuple[int, int], float | None], kind: type[pl.DataType]) -> pl.DataFrame:
    rows = [(*pair, rating) for pair, rating in night.items()]
    kinds = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row").cast({"user": kind})


@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
@settings(deadline=None, max_examples=60)
@given(nights, nights)
def test_users_are_those_of_whom_a_row_is_on_one_night_alone(kind, tonight, earlier):
    now, before = table(tonight, kind), table(earlier, kind)
    alone = [
        one.join(other, on=one.columns, how="anti", nulls_equal=True)
        for one, other in ((now, before), (before, now))
    ]
    users = pl.concat(alone).select("user").unique()
    for found, whole in zip(
        rows_of_changed_users(now.lazy(), before.lazy()), (now, before), strict=True
    ):
        theirs = whole.join(users, on="user", how="semi")
        assert found.sort(PAIR).equals(theirs.sort(PAIR))


def test_rows_and_columns_in_another_order_are_the_same() -> None:
    now = pl.DataFrame({"user": [1, 1, 2], "item": [3, 4, 3], "rating": [5.0, 4.0, None]})
    before = now.reverse().select("rating", "item", "user")
    assert [rows.height for rows in rows_of_changed_users(now.lazy(), before.lazy())] == [0, 0]


def test_two_rows_that_change_places_are_noticed() -> None:
    now = pl.DataFrame({"user": [1, 1, 2], "item": [3, 4, 3], "rating": [5.0, 4.0, 1.0]})
    before = now.with_columns(rating=pl.Series([4.0, 5.0, 1.0]))
    mine, theirs = rows_of_changed_users(now.lazy(), before.lazy())
    assert mine["user"].to_list() == theirs["user"].to_list() == [1, 1]
