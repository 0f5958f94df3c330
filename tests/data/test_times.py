"""Times of ratings as people have them: other units are converted and said, nonsense is refused."""

import io
import re
from datetime import UTC, datetime

import polars as pl
import pytest

from tasks.core.errors import BadDataError
from tasks.data import validate
from tasks.data.stages import ingest
from tests.data.conftest import GENERIC

DAY = 86_400
NOW = int(datetime(2020, 6, 1, tzinfo=UTC).timestamp())
SECONDS = (1_500_000_000, 978_307_200, NOW)
UNITS = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}


def rated(*times):
    """Ratings of the first item at these times, and a first row without one."""
    rows = [(0, 20, 3.0, None), *((user, 10, 4.0, time) for user, time in enumerate(times, 1))]
    return pl.DataFrame(rows, schema=["user", "item", "rating", "timestamp"], orient="row")


def as_csv(frame):
    written = io.StringIO()
    frame.write_csv(written)
    return GENERIC | {"ratings.csv": written.getvalue()}


@pytest.fixture(params=["at once", "in parts"])
def read(request, home, folder_of, ingested, monkeypatch):
    """What becomes of a data set; so many ratings that they are sorted in parts, or fewer."""
    if request.param == "in parts":
        monkeypatch.setattr(validate, "PART_ROWS", 0)

    def run(files, now=NOW):
        dataset = ingest(home, str(folder_of(files)), now)
        return pl.read_parquet(dataset.ratings.at(home))["timestamp"].to_list(), dataset.dropped

    return run


@pytest.fixture
def refusal(read):
    def of(files):
        with pytest.raises(BadDataError) as caught:
            read(files)
        error = caught.value
        assert error.column == "timestamp" and error.fix
        return error.file.name, error.row, error.what.partition("'timestamp': ")[2]

    return of


def test_seconds_are_kept_and_nothing_is_said(read):
    assert read(as_csv(rated(*SECONDS, 0, NOW + DAY))) == ([None, *SECONDS, 0, NOW + DAY], {})


@pytest.mark.parametrize("unit", UNITS)
def test_a_finer_unit_is_converted_and_counted(read, unit):
    times = [at * UNITS[unit] + 999 for at in SECONDS]
    said = {f"timestamps kept: converted from {unit} to seconds": len(SECONDS)}
    assert read(as_csv(rated(*times))) == ([None, *SECONDS], said)


def test_0_is_1970_in_every_unit(read):
    assert read(as_csv(rated(0, NOW * 1000)))[0] == [None, 0, NOW]


def test_a_fraction_is_cut_off(read):
    times = [at * 1000 + 0.5 for at in SECONDS]
    assert read(as_csv(rated(*times)))[0] == [None, *SECONDS]


@pytest.mark.parametrize("kind", [pl.Int64, pl.UInt64, pl.Float64])
def test_numbers_of_parquet_are_converted_too(read, kind):
    frame = rated(*(at * 1000 for at in SECONDS)).with_columns(pl.col("timestamp").cast(kind))
    assert read(GENERIC | {"ratings.parquet": frame})[0] == [None, *SECONDS]


def test_of_a_pair_the_latest_stays_whatever_the_unit(read):
    frame = rated(SECONDS[0] * 1000, SECONDS[1] * 1000).with_columns(user=pl.lit(1))
    assert read(as_csv(frame))[0] == [SECONDS[0], None]


def test_ratings_without_times_are_no_fault(read):
    assert read(as_csv(rated(None, None))) == ([None] * 3, {})


def test_one_time_for_all_is_no_fault(read):
    assert read(as_csv(rated(5, 5))) == ([None, 5, 5], {})


@pytest.mark.parametrize("odd", [0, 2, 4])
@pytest.mark.parametrize("unit", UNITS)
def test_a_time_in_another_unit_than_most_is_refused_with_its_row(refusal, unit, odd):
    times = [NOW - place for place in range(5)]
    times[odd] *= UNITS[unit]
    file, row, what = refusal(as_csv(rated(*times)))
    assert (file, row) == ("ratings.csv", odd + 3)
    assert what.startswith(f"the time {times[odd]} (2020-0")
    assert f"if it is in {unit}) is in another unit than others" in what


def test_a_time_in_seconds_among_finer_ones_is_the_one_that_is_refused(refusal):
    file, row, what = refusal(as_csv(rated(NOW * 1000, NOW * 1000, NOW, NOW * 1000)))
    assert (file, row) == ("ratings.csv", 5)
    assert f"the time {NOW} (2020-06-01 if it is in seconds)" in what


def test_a_later_file_in_another_unit_is_named(refusal):
    later = f"user,item,rating,timestamp\n9,20,3,{NOW * 1000}\n"
    file, row, _ = refusal(as_csv(rated(*SECONDS)) | {"ratings/more.csv": later})
    assert (file, row) == ("more.csv", 2)


@pytest.mark.parametrize(
    ("times", "row", "says"),
    [
        ((5, NOW + DAY + 1), 4, r"1591056001 (2020-06-02 if it is in seconds) is in the future"),
        ((4_000_000_000,), 3, "(2096-10-02 if it is in seconds) is in the future"),
        ((NOW * 1000, 2 * NOW * 1000), 4, "if it is in milliseconds) is in the future"),
        ((50_000_000_000_000,), 3, "50000000000000 (3554-06-09 if it is in milliseconds)"),
        ((5, 10**18 * 9), 4, "(2255-03-14 if it is in nanoseconds) is in the future"),
        ((5, "1e30"), 4, "(the year 31,688,738,508,781 if it is in nanoseconds) is in the future"),
        ((5, 6, -1), 5, "the time -1 is before 1970"),
    ],
)
def test_what_nobody_can_have_rated_yet_is_refused_with_its_row(refusal, times, row, says):
    file, where, what = refusal(as_csv(rated(*map(str, times))))
    assert (file, where) == ("ratings.csv", row)
    assert says in what


def test_a_second_later_it_is_a_time_like_any_other(read):
    assert read(as_csv(rated(NOW + DAY + 1)), NOW + 1) == ([None, NOW + DAY + 1], {})


def test_the_clock_says_what_the_future_is_where_nobody_else_does(ingested):
    year = datetime.now(UTC).year + 2
    time = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    with pytest.raises(BadDataError, match=re.escape(f"({year}-01-01 if it is in seconds)")):
        ingested(as_csv(rated(time)))
