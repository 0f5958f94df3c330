"""A chunk of users reads its own rows alone, and chunks put together are the whole."""

import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.core.chunks import gather, rows_of, theirs

IDS = pytest.mark.parametrize("kind", [pl.Int64, pl.String])
TABLE = pl.DataFrame({"user": [1, 1, 3, 5, 5, 7], "item": [4, 2, 1, 9, 8, 7]})


@IDS
def test_rows_of_some_users_stand_in_the_order_of_the_table(tmp_path, kind):
    table = write_table(tmp_path, "ratings", TABLE.cast({"user": kind}))
    some = pl.Series("user", [1, 4, 5]).cast(kind)
    found = theirs(tmp_path, table, some)
    assert found["item"].to_list() == [4, 2, 9, 8]
    assert theirs(tmp_path, table, some.clear()).schema == found.schema


def test_a_chunk_is_a_slice_of_the_users(tmp_path):
    users = write_table(tmp_path, "users", pl.DataFrame({"user": range(10)}))
    assert rows_of(tmp_path, users, (3, 6))["user"].to_list() == [3, 4, 5]
    assert rows_of(tmp_path, users, (8, 20))["user"].to_list() == [8, 9]


def test_chunks_together_are_the_whole_in_their_order(tmp_path):
    chunks = [write_table(tmp_path, "made", TABLE[a:b]) for a, b in ((3, 6), (0, 0), (0, 3))]
    task = gather("whole", "things")
    whole = task.fn(tmp_path, chunks)
    assert task.name == "gather things" and whole.rows == 6
    assert whole.path.startswith("artifacts/whole/")
    assert read_table(tmp_path, whole).equals(pl.concat([TABLE[3:6], TABLE[0:3]]))
