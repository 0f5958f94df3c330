"""Ratings that are too many to be sorted at once come out as if they were not."""

import io

import polars as pl
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.core.artifacts import ROW_GROUP, scratch, sink_table
from tasks.core.errors import BadDataError
from tasks.data import validate
from tasks.data.columns import with_ids
from tasks.data.stages import ingest
from tasks.data.tables import Table, read_ratings
from tasks.data.validate import clean_large, clean_ratings, height, latest_on_disk, users_of
from tests.data.conftest import GENERIC, MOVIELENS, PARQUET
from tests.data.test_broken_input import CASES
from tests.data.test_validate import items, ratings

HEADER = "user,item,rating,timestamp\n"
NAMES = {name: name for name in ("user", "item", "rating", "timestamp")}
SOME = st.lists(
    st.tuples(
        st.integers(-2, 9),
        st.integers(1, 4),
        st.sampled_from([0.5, 3.0, 5.0]),
        st.none() | st.integers(0, 3),
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture
def parts_of(monkeypatch):
    return lambda rows: monkeypatch.setattr(validate, "PART_ROWS", rows)


def both_ways(raw, catalogue, home):
    with scratch(home, "ratings") as stem:
        rows, dropped = clean_large(raw, catalogue, None, stem)
        return (rows.collect(), dropped), clean_ratings(raw, catalogue, None)


def equal(large, plain):
    return large[0].equals(plain[0]) and (large[0].schema, large[1]) == (plain[0].schema, plain[1])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SOME, st.integers(1, 12), st.booleans())
def test_through_files_the_rows_are_the_same(home, parts_of, rows, most, in_words):
    parts_of(most)
    name = "u{}".format if in_words else str
    raw = ratings(*((name(user), item, *more) for user, item, *more in rows))
    assert equal(*both_ways(raw, items(1, 2, 3, 4), home))


def test_more_parts_than_files_may_be_open_lose_no_row(home, parts_of, monkeypatch):
    many = 1_000_000  # polars puts off closing a file until about this many rows
    parts_of(many // 8)
    monkeypatch.setenv("POLARS_MAX_OPEN_SINKS", "2")
    place = pl.int_range(many, eager=True)
    columns = {"user": place % 1000, "item": place // 1000, "rating": place, "timestamp": place}
    rows = pl.LazyFrame(columns | {"_row": place})
    with scratch(home, "ratings") as stem:
        ordered, _ = latest_on_disk(rows, users_of(rows), stem)
        assert height(ordered) == many


@pytest.mark.parametrize("files", [GENERIC, MOVIELENS, PARQUET], ids=["generic", "ml", "parquet"])
def test_a_large_folder_gives_the_same_files(home, folder_of, parts_of, files):
    tags = {"tags.csv": "userId,movieId,tag\n1,10,Slow\n2,20,dark\n"}
    later = {"ratings/a.csv": HEADER + "1,10,2,900\n7,20,3,1\n"}
    if files is MOVIELENS:
        later = {"ratings/a.csv": later["ratings/a.csv"].replace("user,item", "userId,movieId")}
    folder = str(folder_of(files | tags | later))
    plain = ingest(home, folder)
    parts_of(1)
    assert ingest(home, folder) == plain
    assert not list(home.rglob("*.tmp"))


@pytest.mark.parametrize(("files", "file", "row", "column", "says"), CASES)
def test_what_is_broken_in_a_large_set_is_named_alike(
    home, folder_of, parts_of, files, file, row, column, says
):
    parts_of(0)
    folder = folder_of(files)
    with pytest.raises(BadDataError) as caught:
        ingest(home, str(folder))
    error = caught.value
    assert (error.file, error.row, error.column) == (folder / file, row, column)
    assert says in error.what
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_ratings_stay_in_their_file_until_they_are_asked_for(folder_of):
    assert isinstance(read_ratings(folder_of(GENERIC) / "ratings.csv", NAMES).rows, pl.LazyFrame)


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [(b"1,10,4,1,\xc3\xa9\n1,20,4,1,\xe9\n", 3, "note"), (b"1,10,4,1,a\n1,20,4,1,b,c\n", 3, None)],
    ids=["byte", "fields"],
)
def test_a_column_of_no_interest_is_read_all_the_same(ingested, text, row, column):
    broken = HEADER.strip().encode() + b",note\n" + text
    with pytest.raises(BadDataError) as caught:
        ingested(GENERIC | {"ratings.csv": broken})
    assert (caught.value.row, caught.value.column) == (row, column)


def test_a_malformed_later_file_is_named_itself(ingested):
    files = {"ratings/a.csv": HEADER + "1,10,4,1\n", "ratings/b.csv": HEADER + "1,10,4,1,9\n"}
    with pytest.raises(BadDataError) as caught:
        ingested(GENERIC | files)
    assert (caught.value.file.name, caught.value.row) == ("b.csv", 2)


def test_far_down_a_later_file_it_is_still_that_file(tmp_path):
    good, bad = tmp_path / "a.csv", tmp_path / "b.csv"
    good.write_text("user\n1\n")
    bad.write_text("user\n1\n2,3\n")
    table = Table(good, pl.scan_csv(bad, infer_schema=False), later=((bad, 2),))
    with pytest.raises(BadDataError) as caught:
        table.ask(pl.col("user").max())
    assert (caught.value.file, caught.value.row) == (bad, 3)


def test_of_several_bad_columns_the_first_is_named(ingested):
    with pytest.raises(BadDataError) as caught:
        ingested(GENERIC | {"ratings.csv": HEADER + "1,10,4,noon\n1,20,9,1\n,30,x,1\n"})
    assert (caught.value.row, caught.value.column) == (4, "user")


@pytest.mark.parametrize("kind", [pl.Int8, pl.UInt16, pl.Int32, pl.UInt64, pl.Int128])
def test_whole_numbers_of_any_width_are_ids_as_numbers(tmp_path, kind):
    frame = pl.DataFrame({"_row": [1, 2], "user": pl.Series([7, 100], dtype=kind)})
    ids = with_ids(Table(tmp_path, frame), "user").frame["user"]
    assert ids.to_list() == [7, 100]
    assert ids.dtype == pl.Int64


def test_numbers_beyond_64_bits_are_names(tmp_path):
    frame = pl.DataFrame({"_row": [1, 2], "user": pl.Series([7, 2**63], dtype=pl.UInt64)})
    ids = with_ids(Table(tmp_path, frame), "user").frame["user"]
    assert ids.to_list() == ["7", str(2**63)]


def test_a_file_is_read_in_groups_so_that_few_users_are_read_fast(home):
    rows = pl.LazyFrame({"user": pl.int_range(3 * ROW_GROUP, eager=True)})
    artifact = sink_table(home, "ratings", rows)
    assert artifact.rows == 3 * ROW_GROUP
    footer = parquet.ParquetFile(io.BytesIO(artifact.at(home).read_bytes())).metadata
    groups = [footer.row_group(place) for place in range(footer.num_row_groups)]
    assert [group.num_rows for group in groups] == [ROW_GROUP] * 3
    assert groups[1].column(0).statistics.min == ROW_GROUP
