import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.features.small import CASES, SILENT, assert_is_looped, each_feature, small, values


def release(width):
    def ratio(known, user, item):
        year = _year(known, item)
        mine = [_year(known, i) for i in known.rated[user] if _year(known, i)]
        if not year or not mine:
            return math.nan
        everybody = [_year(known, i) for _, i, _ in known.every if _year(known, i)]
        return math.log(
            (_density(mine, year, width) + 1e-4) / (_density(everybody, year, width) + 1e-4)
        )

    return ratio


def _year(known, item):
    year = known.item[item]["year"]
    return year if year is not None and 1800 <= year <= 2100 else None


def _density(years, at, width):
    return sum(math.exp(-0.5 * ((y - at) / width) ** 2) / width for y in years) / len(years)


def gap(known, user, item):
    first = [known.when[u][i] for u, i, _ in known.every if i == item]
    if not known.timed() or not first or not known.rated[user]:
        return math.nan
    return max(known.when[user].values()) - min(first)


def age(known, user, item):
    years = gap(known, user, item)
    return math.nan if math.isnan(years) else min(max(years, -5.0), 10.0)


def newer(known, user, item):
    years = gap(known, user, item)
    return math.nan if math.isnan(years) else float(years < 0)


LOOPS = {
    "release years, narrow": release(2),
    "release years, wide": release(6),
    "age to the user": age,
    "newer than the user": newer,
}


@each_feature("dates")
def test_it_is_what_a_loop_over_the_ratings_gives(name, case):
    assert_is_looped(name, LOOPS[name], case)


@pytest.mark.parametrize("name", LOOPS)
def test_it_is_known_of_some_pairs_and_unknown_of_a_user_without_ratings(name):
    case = CASES[1]
    silent = case.facts()[1].frame["user"].to_numpy() == SILENT
    unknown = np.isnan(values(name, case))
    assert unknown[silent].all() and not unknown[~silent].all()


@pytest.mark.parametrize("name", ["release years, narrow", "release years, wide"])
def test_without_any_year_nothing_is_known(name):
    whole = small(0)
    case = replace(whole, items=whole.items.with_columns(pl.lit(None, pl.Int32).alias("year")))
    assert np.isnan(values(name, case)).all()


def test_an_age_is_cut_at_its_ends():
    case, thirty_years = small(0), 1_000_000_000
    moved = pl.col("user").replace_strict({1: thirty_years, 3: -thirty_years}, default=0)
    train = case.train.with_columns(pl.col("timestamp") + moved)
    ages = values("age to the user", replace(case, train=train))
    assert (np.nanmin(ages), np.nanmax(ages)) == (-5, 10)
