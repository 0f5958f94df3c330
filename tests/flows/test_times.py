"""What commands say of times: what was converted, and why they cannot do without."""

from pathlib import Path

import polars as pl
import pytest

from flows import cells
from flows.dataset import what_is_known
from flows.pipeline import Inputs, Pipeline
from tasks.core.artifacts import write_table
from tasks.core.errors import TooLittleDataError
from tasks.core.progress import lines_to
from tasks.store.query import query
from tests.flows.small import options
from tests.support.command import PLAIN
from tests.support.datasets import write_generic
from tests.support.direct import Direct
from tests.support.in_process import Terminal
from tests.support.options import plain_settings
from tests.support.worlds import dataset_of, world_of

LISTS = "SELECT user, item, rank, base_rank, score FROM ranked_items ORDER BY ALL"
CONVERTED = "timestamps kept: converted from milliseconds to seconds"
TIMES = {
    "The data set has no timestamps": pl.lit(None, pl.Int64),
    "1 of the data set's 280 ratings have no timestamp": pl.when(pl.int_range(pl.len()) > 0).then(
        "timestamp"
    ),
    "All 280 ratings of the data set have the same time, 2001-09-09": pl.lit(10**9, pl.Int64),
}
every_problem = pytest.mark.parametrize("says", TIMES)


def write_timed(folder: Path, times: pl.Expr) -> Path:
    """A small data set with these times."""
    write_generic(folder, users=20, items=45, per_user=14)
    file = folder / "ratings.parquet"
    pl.read_parquet(file).with_columns(times.alias("timestamp")).write_parquet(file)
    return folder


def test_a_night_in_milliseconds_is_the_same_night_and_says_what_it_converted(
    tmp_path: Path, terminal: Terminal, server: str
) -> None:
    plain = Terminal(tmp_path / "plain", server)
    seconds = write_timed(tmp_path / "a" / "data", pl.col("timestamp"))
    finer = write_timed(tmp_path / "b" / "data", pl.col("timestamp") * 1000)
    evaluated = ("evaluate", "--data", finer, *PLAIN, "--protocol", "horizon", "--seeds", 1)
    said = terminal.succeed("nightly", "--data", finer, *PLAIN, "--no-report")
    assert f"280 {CONVERTED}" in said.stderr
    assert f"280 {CONVERTED}" in terminal.succeed(*evaluated).stderr
    assert (
        "converted" not in plain.succeed("nightly", "--data", seconds, *PLAIN, "--no-report").stderr
    )
    assert query(terminal.home, "SELECT reason, rows FROM dropped").rows() == [(CONVERTED, 280)]
    lists = query(terminal.home, LISTS)
    assert lists.height > 100 and lists.equals(query(plain.home, LISTS))


@every_problem
def test_an_evaluation_on_a_window_needs_times_and_says_what_is_wrong_with_them(
    says: str, tmp_path: Path
) -> None:
    settings = options(tmp_path, protocol="horizon", horizon=5)
    ratings = pl.read_parquet(write_timed(tmp_path, TIMES[says]) / "ratings.parquet")
    split = options(tmp_path, protocol="split")
    data = dataset_of(tmp_path, world_of(write_timed(tmp_path, pl.col("timestamp")), split))
    data = data.model_copy(update={"ratings": write_table(tmp_path, "ratings", ratings)})
    with pytest.raises(TooLittleDataError, match=says):
        cells.measure_split(Direct(tmp_path), settings, data, cells.Given(), 0)


@every_problem
def test_a_night_that_is_to_learn_on_windows_needs_them_too(says: str, tmp_path: Path) -> None:
    data = write_timed(tmp_path / "data", TIMES[says])
    given = {"home": tmp_path, "data": str(data), "horizon": 5, "reranker": "none"}
    settings, steps = plain_settings(**given, learn_protocol="horizon"), Direct(tmp_path)
    lines: list[str] = []
    with lines_to(lines.append):
        known = what_is_known(steps, settings)
    assert any(line.startswith(f"--horizon changes nothing: {says}") for line in lines)
    inputs = Inputs(ratings=known.dataset.ratings, users=known.users)
    with pytest.raises(TooLittleDataError, match=says):
        Pipeline.of(steps, settings, known.dataset, inputs)
    unasked = Pipeline.of(steps, plain_settings(**given), known.dataset, inputs)
    assert (unasked.inner_protocol, unasked.windows) == ("split", ())


def test_of_times_that_differ_nothing_is_said(tmp_path: Path) -> None:
    data = write_timed(tmp_path / "data", pl.col("timestamp"))
    lines: list[str] = []
    with lines_to(lines.append):
        what_is_known(Direct(tmp_path), plain_settings(home=tmp_path, data=str(data), horizon=5))
    assert not any("horizon" in line for line in lines)
