import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.evaluation.replay.calibration import BINS, reliability


def drawn(scale: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Candidates with probabilities, and hits that come true `scale` times as often."""
    random = np.random.default_rng(0)
    scores = random.beta(0.3, 3, 60_000) / 2
    pairs = {"user": np.repeat(np.arange(600), 100), "item": np.tile(np.arange(100), 600)}
    lists = pl.DataFrame(pairs | {"score": scores})
    hit = random.random(60_000) < scores * scale
    held_out = lists.filter(pl.Series(hit)).select("user", "item", rating=pl.lit(5.0))
    return lists, held_out


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_what_is_foretold_stands_beside_what_came(scale):
    table = reliability(*drawn(scale), None)
    assert table["pairs"].sum() == 60_000 and table["lowest"].is_sorted()
    likely = table.filter(pl.col("pairs") > 500)
    assert likely.height > 5
    for low, high, _, foretold, happened in likely.rows():
        assert low <= foretold < high and BINS.index(high) == BINS.index(low) + 1
        assert happened == pytest.approx(scale * foretold, rel=0.25, abs=0.002)


def test_only_what_was_rated_well_counts_where_that_is_asked():
    lists, held_out = drawn(1.0)
    poor = held_out.with_columns(rating=pl.lit(2.0))
    assert reliability(lists, poor, 4.0)["happened"].sum() == 0
    assert_frame_equal(reliability(lists, poor, 2.0), reliability(lists, held_out, None))
