import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.core.errors import SettingsError
from tasks.models.base import Training
from tasks.models.baselines.svd import Svdpp
from tasks.models.baselines.svdpp_fast import SvdppFast
from tasks.models.factors import FactorModel

SCALE = (0.5, 5.0)


def made_up(users: int, items: int, seed: int, text: bool = False) -> pl.DataFrame:
    """Histories of very different lengths, items in no order."""
    random = np.random.default_rng(seed)
    rows = [
        (user, int(item), float(random.integers(1, 11)) / 2)
        for user in range(users)
        for item in random.choice(items, random.integers(1, items // 2), replace=False)
    ]
    table = pl.DataFrame(rows, schema=["user", "item", "rating"], orient="row")
    return table.cast({"user": pl.String, "item": pl.String}) if text else table


def by_surprise(ratings: pl.DataFrame, seed: int) -> Svdpp:
    return Svdpp.fit(Training(ratings, SCALE, seed))


def fast(ratings: pl.DataFrame, seed: int) -> SvdppFast:
    return SvdppFast.fit(Training(ratings, SCALE, seed))


def alike(one: FactorModel, other: FactorModel) -> None:
    for name, values in one.arrays().items():
        if name == "model":
            continue
        theirs = other.arrays()[name]
        if values.dtype.kind == "f":
            assert theirs == pytest.approx(values, abs=1e-9), name
        else:
            assert theirs.tolist() == values.tolist(), name


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("text", [False, True])
def test_it_gives_the_factors_that_surprise_gives(seed: int, text: bool) -> None:
    ratings = made_up(30, 40, seed, text)
    alike(fast(ratings, seed), by_surprise(ratings, seed))


def test_somebody_with_a_single_rating_and_one_with_everything() -> None:
    whole = pl.DataFrame({"user": 1, "item": range(50), "rating": [1.0, 5.0] * 25})
    single = pl.DataFrame({"user": [2], "item": [99], "rating": [3.5]})
    ratings = pl.concat([whole.cast({"user": pl.Int64}), single])
    alike(fast(ratings, 3), by_surprise(ratings, 3))


def test_real_people_in_a_fraction_of_the_time(shared: Path) -> None:
    names = {"userId": "user", "movieId": "item", "rating": "rating"}
    file = shared / "ml-latest-small" / "ratings.csv"
    ratings = pl.read_csv(file).select(names.keys()).rename(names)
    ratings = ratings.filter(pl.col("user") <= 40).sort("user", "item")
    quick = fast(ratings, 0)
    began = time.thread_time()
    fast(ratings, 0)
    seconds, began = time.thread_time() - began, time.thread_time()
    alike(quick, by_surprise(ratings, 0))
    assert time.thread_time() - began > 20 * seconds


def test_twice_as_long_histories_take_twice_as_long_and_not_four_times() -> None:
    def seconds(length: int) -> float:
        users, items = 40, 2 * length
        random = np.random.default_rng(0)
        rated = np.concatenate([random.permutation(items)[:length] for _ in range(users)])
        table = pl.DataFrame({"user": np.repeat(np.arange(users), length), "item": rated})
        ratings = table.with_columns(rating=pl.lit(3.0))
        times = []
        for _ in range(3):
            began = time.thread_time()
            fast(ratings, 0)
            times.append(time.thread_time() - began)
        return min(times)

    seconds(10)
    assert seconds(4_000) < 6 * seconds(2_000)


def test_without_numba_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tasks.models.svdpp_compiled", None)
    with pytest.raises(SettingsError, match=r"palate\[fast\]"):
        fast(made_up(3, 10, 0), 0)
