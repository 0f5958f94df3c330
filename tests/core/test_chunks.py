"""A chunk of users reads its own rows alone, and chunks put together are the whole."""

import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import read_arrays, read_table, write_arrays, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.stage import STAGES
from tasks.core.steps import join_chunks_stage
from tests.support.direct import Direct
from tests.support.doubling import doubled_stage, lengths_stage

IDS = pytest.mark.parametrize("kind", [pl.Int64, pl.String])
TABLE = pl.DataFrame({"user": [1, 1, 3, 5, 5, 7], "item": [4, 2, 1, 9, 8, 7]})


@IDS
def test_rows_of_some_users_stand_in_the_order_of_the_table(tmp_path, kind):
    table = write_table(tmp_path, "ratings", TABLE.cast({"user": kind}))
    some = pl.Series("user", [1, 4, 5]).cast(kind)
    rows = theirs(tmp_path, table, some)
    assert rows["item"].to_list() == [4, 2, 9, 8]
    assert theirs(tmp_path, table, some.clear()).schema == rows.schema


def test_a_chunk_is_a_slice_of_the_users(tmp_path):
    users = write_table(tmp_path, "users", pl.DataFrame({"user": range(10)}))
    assert rows_of(tmp_path, users, (3, 6))["user"].to_list() == [3, 4, 5]
    assert rows_of(tmp_path, users, (8, 20))["user"].to_list() == [8, 9]


def test_tables_together_are_the_whole_in_their_order(tmp_path):
    chunks = [write_table(tmp_path, "made", TABLE[a:b]) for a, b in ((3, 6), (0, 0), (0, 3))]
    whole = join_chunks_stage.fn(tmp_path, "whole", chunks)
    assert whole.rows == 6 and whole.path.startswith("artifacts/whole/")
    assert read_table(tmp_path, whole).equals(pl.concat([TABLE[3:6], TABLE[0:3]]))


def test_tables_without_a_row_are_a_table_without_a_row(tmp_path):
    empty = write_table(tmp_path, "made", TABLE.clear())
    whole = join_chunks_stage.fn(tmp_path, "whole", [empty, empty])
    assert whole.rows == 0 and read_table(tmp_path, whole).schema == TABLE.schema


def test_arrays_together_have_all_rows_of_each(tmp_path):
    parts = [
        {"vectors": np.full((rows, 3), float(rows)), "ids": np.arange(rows)} for rows in (2, 0, 3)
    ]
    chunks = [write_arrays(tmp_path, "vectors", len(part["ids"]), part) for part in parts]
    whole = join_chunks_stage.fn(tmp_path, "vectors", chunks)
    assert whole.rows == 5
    arrays = read_arrays(tmp_path, whole)
    assert arrays["ids"].tolist() == [0, 1, 0, 1, 2]
    assert arrays["vectors"].tolist() == [[2.0] * 3] * 2 + [[3.0] * 3] * 3


@pytest.mark.parametrize("size", [1, 2, 4, 6, 100])
def test_whatever_the_size_of_a_chunk_all_rows_are_worked_on_once(tmp_path, size):
    users = write_table(tmp_path, "users", TABLE)
    steps = Direct(tmp_path)
    doubled = steps.chunks(doubled_stage, TABLE.height, size, table=users, factor=2)
    lengths = steps.chunks(lengths_stage, TABLE.height, size, table=users)
    assert read_table(tmp_path, doubled)["item"].to_list() == [8, 4, 2, 18, 16, 14]
    assert read_arrays(tmp_path, lengths)["items"].tolist() == TABLE["item"].to_list()
    count = -(-TABLE.height // size)
    assert [call.given["rows"][0] for call in steps.of("double")] == list(range(0, 6, size))
    assert len(steps.of("double")) == count
    joined = steps.of("join chunks")
    assert len(joined) == (2 if count > 1 else 0), "one chunk is the whole"


def test_nobody_is_one_chunk_without_a_row(tmp_path):
    users = write_table(tmp_path, "users", TABLE.clear())
    steps = Direct(tmp_path)
    made = steps.chunks(doubled_stage, 0, 5, table=users, factor=2)
    assert made.rows == 0 and len(steps.calls) == 1


def test_a_join_is_part_of_lists():
    assert STAGES["join chunks"].role == "order"
