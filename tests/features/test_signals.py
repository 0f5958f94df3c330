"""The few columns that rules read: each by its formula, recomputed pair by pair."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.features.facts import Pairs
from tasks.features.registry import FEATURES, SIGNALS
from tasks.features.table import feature_table
from tests.features.small import CASES, Small, assert_is_looped, each_feature, small, values


def popularity(known, _user, item):
    counts = {i: sum(one == i for _, one, _ in known.every) for i in known.item}
    return math.log1p(counts[item]) / math.log1p(max(counts.values()))


def external_quality(known, _user, item):
    quality = known.item[item]["quality"]
    return math.nan if quality is None else quality


def external_votes(known, _user, item):
    votes = known.item[item]["votes"]
    return math.nan if votes is None else math.log1p(votes)


def date_affinity(known, user, item):
    """The kernel density over the user's years, as a share of its highest value."""

    def year_of(one):
        year = known.item[one]["year"]
        return year if year is not None and 1800 <= year <= 2100 else None

    mine = [year_of(one) for one in known.rated[user] if year_of(one)]
    if not mine or year_of(item) is None:
        return math.nan

    def density(at):
        return sum(math.exp(-0.5 * ((year - at) / 4) ** 2) for year in mine)

    return density(year_of(item)) / max(density(at) for at in range(1800, 2101))


LOOPS = {
    "popularity": popularity,
    "date_affinity": date_affinity,
    "external_quality": external_quality,
    "external_votes": external_votes,
}


@each_feature(SIGNALS)
def test_it_is_what_a_loop_over_the_ratings_gives(name, case):
    assert_is_looped(name, LOOPS[name], case)


def test_signals_are_these():
    assert {name for name in FEATURES if FEATURES[name].group == SIGNALS} == set(LOOPS)


def affinities(rated_years, asked_years):
    """For one person who rated an item of each of `rated_years`; None is unknown."""
    years = [*rated_years, *asked_years]
    count = len(rated_years)
    case = Small(
        train=pl.DataFrame(
            {"user": 1, "item": range(1, count + 1), "rating": 4.0, "timestamp": None},
            schema_overrides={"timestamp": pl.Int64},
        ),
        items=pl.DataFrame({"item": range(1, len(years) + 1), "year": years}),
        pairs=pl.DataFrame({"user": 1, "item": range(count + 1, len(years) + 1)}),
        vector={item: np.ones(1, np.float32) for item in range(1, len(years) + 1)},
        name="years",
    )
    return [None if math.isnan(one) else one for one in values("date_affinity", case)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.none() | st.integers(1890, 2030), min_size=1, max_size=6), st.data())
def test_date_affinity_lies_in_the_unit_range_and_is_unknown_for_an_unknown_year(rated, data):
    asked = data.draw(st.lists(st.none() | st.integers(1890, 2030), min_size=1, max_size=6))
    nothing_known = all(year is None for year in rated)
    for value, year in zip(affinities(rated, asked), asked, strict=True):
        assert (value is None) == (year is None or nothing_known)
        assert value is None or 0.0 <= value <= 1.0


def test_date_affinity_is_highest_in_the_persons_own_year_and_falls_with_distance():
    made = affinities([1990], [1990, 1992, 1988, 1996, 2020])
    expected = [math.exp(-0.5 * (gap / 4) ** 2) for gap in (0, 2, 2, 6, 30)]
    assert made == pytest.approx(expected)


def test_date_affinity_is_higher_where_more_of_the_persons_items_lie():
    early, late, never = affinities([1975, 1975, 1976, 2015], [1975, 2015, 1940])
    assert early > late > never
    assert early == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("year", [1799, 2101, 0, -400, 99_999])
def test_a_year_off_the_calendar_is_unknown(year):
    assert affinities([1990, year], [year, 1990]) == [None, 1.0]
    assert affinities([year], [1990]) == [None]


@pytest.mark.parametrize("year", [1800, 2100])
def test_the_first_and_the_last_year_of_the_calendar_are_known(year):
    assert affinities([year], [year]) == [1.0]


def test_an_item_of_no_rating_has_no_popularity_and_the_most_rated_has_one():
    case = CASES[0]
    facts, pairs = case.facts()
    made = dict(zip(pairs.frame["item"], values("popularity", case), strict=True))
    most = facts.items[np.argmax(facts.all_ratings.counts)]
    assert made[140] == 0.0 and made.get(most, 1.0) == 1.0


def test_signals_are_float64_null_where_unknown_and_stand_beside_their_pairs():
    case = small(0)
    facts, pairs = case.facts()
    table = feature_table(facts, pairs, list(LOOPS))
    assert table.select("user", "item").equals(pairs.frame)
    assert table.columns == ["user", "item", *LOOPS], "none stands among the candidates, too"
    assert set(table.drop("user", "item").dtypes) == {pl.Float64}
    for name in LOOPS:
        expected = pl.Series(name, values(name, case), nan_to_null=True)
        assert table[name].equals(expected), name
    assert table["date_affinity"].null_count() > 0 and table["external_votes"].null_count() > 0


def signals(case):
    facts, pairs = case.facts()
    return feature_table(facts, pairs, list(LOOPS))


def test_external_signals_do_not_depend_on_train_nor_train_signals_on_them():
    case = small(0)
    outside = ["external_quality", "external_votes"]
    fewer = replace(case, train=case.train.head(case.train.height // 2))
    richer = case.items.with_columns(pl.col("quality") + 1, pl.col("votes") * 2)
    made, other_train, other_catalogue = (
        signals(one).sort("user", "item") for one in (case, fewer, replace(case, items=richer))
    )
    assert made.select(outside).equals(other_train.select(outside))
    assert not made["popularity"].equals(other_train["popularity"])
    assert made.drop(outside).equals(other_catalogue.drop(outside))
    assert not made.select(outside).equals(other_catalogue.select(outside))


def test_similarity_is_the_scorers_and_unknown_where_it_has_none():
    facts, pairs = small(0).facts()
    scores = pl.Series("similarity", [0.5, None] + [-0.25] * (len(pairs.user) - 2))
    scored = Pairs(pairs.frame.with_columns(scores), pairs.user, pairs.item)
    made = FEATURES["similarity"].function(facts, scored)
    assert made[0] == 0.5 and math.isnan(made[1]) and set(made[2:]) == {-0.25}
