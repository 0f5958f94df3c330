"""Intervals of means and tests of differences, over users.

Values are those of `measures.per_user`, one frame per seed. A user's values of several seeds are
not independent of each other, so users are drawn, each with all its seeds; by matrix products,
all metrics at once. The chance of the train-test split itself shows only in the seeds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtrit

from tasks.core.errors import TooLittleDataError
from tasks.core.vocabulary import USER
from tasks.evaluation.lists import Floats, Ints

Verdict = Literal["higher", "lower", "no difference shown"]

ALPHA = 0.05
BLOCK_CELLS = 8_000_000
"""Weights made at once, 64 MB whatever the number of users. Many small products are slower."""

TIE = 1e-10
"""Sums closer than this share of the summed sizes are equal: floating-point sums differ so much."""


@dataclass(frozen=True)
class MetricSums:
    """Per user and metric the `sums` (U, M) of its values over seeds, and `counts` (U, M) of them.

    `users` (U,) sorted; `metrics` the M names.
    """

    users: pl.Series
    metrics: list[str]
    sums: Floats
    counts: Ints

    def means(self) -> Floats:
        """(M,) the mean of all values, of every user and seed; NaN where there is none."""
        return _ratio(self.sums.sum(axis=0), self.counts.sum(axis=0))


SeedInterval = tuple[float, float | None, float | None, float | None]
"""Mean, standard deviation, low and high; without a spread where there is a single seed."""


def user_sums(frames: Sequence[pl.DataFrame]) -> MetricSums:
    """The sums over the seeds' frames (user, metrics ...), for the users of any of them."""
    if not frames:
        raise TooLittleDataError("There is no seed to summarise.", "Measure with at least one.")
    users = pl.concat([frame[USER] for frame in frames]).unique().sort()
    metrics = [name for name in frames[0].columns if name != USER]
    sums = np.zeros((len(users), len(metrics)))
    counts = np.zeros((len(users), len(metrics)), dtype=np.int64)
    for frame in frames:
        own = pl.DataFrame({USER: users}).join(frame, on=USER, how="left", maintain_order="left")
        values = own.select(metrics).cast(pl.Float64).to_numpy()
        sums += np.nan_to_num(values)
        counts += ~np.isnan(values)
    return MetricSums(users, metrics, sums, counts)


def bootstrap_intervals(
    sums: Floats, counts: Ints, seed: int, replicates: int = 2000, level: float = 0.95
) -> tuple[Floats, Floats]:
    """(M,) low and (M,) high: percentile bootstrap interval of each mean (Efron & Tibshirani 1993).

    A replicate draws U users with replacement; its mean is sum(w S) / sum(w N) with w (U,) how
    often each was drawn. NaN where a metric has no value.
    """
    random, each = np.random.default_rng(seed), counts.astype(np.float64)
    blocks = _drawn(len(sums), replicates, random)
    means = [_ratio(weights @ sums, weights @ each) for weights in blocks]
    tails = (1 - level) / 2, (1 + level) / 2
    drawn = pl.from_numpy(np.concatenate(means)).fill_nan(None)
    low, high = (drawn.quantile(tail, "linear").cast(pl.Float64).to_numpy()[0] for tail in tails)
    return low, high


def randomisation_test(sums: Floats, seed: int, flips: int = 10_000) -> Floats:
    """(M,) two-sided p-values of differences (U, M) being 0 (Fisher 1935; Smucker et al. 2007).

    If two lists are alike, each user's difference might as well have the other sign. The p-value
    is (1 + flips with at least the sum that was seen, in size) / (1 + flips).
    """
    random = np.random.default_rng(seed)
    seen = sums.sum(axis=0)
    least = np.abs(seen) - TIE * np.abs(sums).sum(axis=0)
    extreme = np.zeros(sums.shape[1], dtype=np.int64)
    for size in _blocks(len(sums), flips):
        negative = random.integers(0, 2, (size, len(sums)), dtype=np.int8).astype(np.float64)
        extreme += np.count_nonzero(np.abs(seen - 2 * (negative @ sums)) >= least, axis=0)
    return (1 + extreme) / (1 + flips)


def paired(
    a: Mapping[int, pl.DataFrame],
    b: Mapping[int, pl.DataFrame],
    seed: int,
    replicates: int = 2000,
    flips: int = 10_000,
    level: float = 0.95,
) -> pl.DataFrame:
    """One row per metric: how much higher `a` is than `b`, for the seeds and users of both.

    `a` and `b` map a split's seed to its per-user values. Columns: metric, users (with a value in
    both), difference (the mean of a - b), low, high (bootstrap interval), p_value (randomisation
    test), better and worse (shares of the users whose mean over seeds is higher, lower in `a`).
    Null where no user has a value in both. Raises TooLittleDataError where no seed is in both.
    """
    totals = user_sums([_difference(a[split], b[split]) for split in sorted(a.keys() & b.keys())])
    low, high = bootstrap_intervals(totals.sums, totals.counts, seed, replicates, level)
    compared = np.count_nonzero(totals.counts, axis=0)
    tests = randomisation_test(totals.sums, seed, flips)
    table = {
        "metric": totals.metrics,
        "users": compared,
        "difference": totals.means(),
        "low": low,
        "high": high,
        "p_value": np.where(compared > 0, tests, np.nan),
        "better": _ratio(np.count_nonzero(totals.sums > TIE, axis=0), compared),
        "worse": _ratio(np.count_nonzero(totals.sums < -TIE, axis=0), compared),
    }
    return pl.DataFrame(table).with_columns(pl.selectors.float().fill_nan(None))


def holm(p_values: Floats) -> Floats:
    """(M,) the p-values adjusted for being M tests, at most 1 (Holm 1979); NaN is no test.

    The i-th smallest times M - i + 1, and never less than a smaller p-value's.
    """
    adjusted = np.full(len(p_values), np.nan)
    order = np.argsort(p_values)[: np.count_nonzero(~np.isnan(p_values))]
    scaled = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def seed_interval(values: Sequence[float], level: float = 0.95) -> SeedInterval:
    """Mean and spread over the seeds' values, and their t-interval (Student 1908)."""
    count, mean = len(values), float(np.mean(values))
    if count == 1:
        return mean, None, None, None
    sd = float(np.std(values, ddof=1))
    half = float(stdtrit(count - 1, (1 + level) / 2)) * sd / count**0.5
    return mean, sd, mean - half, mean + half


def verdict(low: float | None, high: float | None, p_holm: float | None) -> Verdict:
    """Which is higher, if any: only where the interval excludes 0 and `p_holm` is below .05.

    `p_holm` is the p-value after `holm`. Where a number is missing, no difference is shown.
    """
    if low is None or high is None or p_holm is None or not p_holm < ALPHA:
        return "no difference shown"
    if low > 0:
        return "higher"
    return "lower" if high < 0 else "no difference shown"


def _difference(a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    metrics = [name for name in a.columns if name in b.columns and name != USER]
    both = a.join(b, on=USER, suffix=" of b")
    return both.select(USER, *(pl.col(name) - pl.col(f"{name} of b") for name in metrics))


def _drawn(users: int, replicates: int, random: np.random.Generator) -> Iterator[Floats]:
    """Blocks (R, U) of how often each user is drawn in each replicate."""
    for size in _blocks(users, replicates):
        drawn = random.integers(users, size=(size, users)) + users * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * users)
        yield times.reshape(size, users).astype(np.float64)


def _blocks(users: int, rows: int) -> Iterator[int]:
    """Sizes of the blocks in which `rows` rows of one number per user fit."""
    size = max(1, BLOCK_CELLS // max(users, 1))
    for start in range(0, rows, size):
        yield min(size, rows - start)


def _ratio(total: NDArray[np.generic], count: NDArray[np.generic]) -> Floats:
    """Total / count, NaN where nothing was counted."""
    missing = np.full(np.shape(total), np.nan)
    values: Floats = np.divide(total, count, out=missing, where=np.asarray(count) > 0)
    return values
