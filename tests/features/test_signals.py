import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.features.signals import add_features, date_affinity, external, popularity
from tasks.models.candidates import count_ratings

PAIR = {"user": pl.Int64, "item": pl.Int64}


def with_features(candidates, scores, ratings, items):
    """Every signal, with counts of these ratings."""
    return add_features(candidates, scores, ratings, items, count_ratings(ratings.lazy()))


def pairs_table(*pairs):
    return pl.DataFrame(list(pairs), schema=PAIR, orient="row")


def items_table(years, quality=None, votes=None):
    """Items 1, 2, ... with these years and what their catalogue says."""
    nothing = [None] * len(years)
    columns = {"year": years, "quality": quality or nothing, "votes": votes or nothing}
    return pl.DataFrame(
        {"item": range(1, len(years) + 1), **columns},
        schema={"item": pl.Int64, "year": pl.Int32, "quality": pl.Float64, "votes": pl.Int64},
    )


def years_table(*years):
    return items_table(list(years))


def scores_table(*rows):
    return pl.DataFrame(list(rows), schema=PAIR | {"similarity": pl.Float64}, orient="row")


def affinities(rated_years, asked_years):
    """For one person who rated an item of each of `rated_years`."""
    items = years_table(*rated_years, *asked_years)
    rated = pairs_table(*((1, item) for item in range(1, len(rated_years) + 1)))
    asked = pairs_table(*((1, item) for item in range(len(rated_years) + 1, items.height + 1)))
    return date_affinity(asked, rated, items).to_list()


def test_popularity_is_the_log_count_against_the_most_rated():
    ratings = pairs_table((1, 5), (2, 5), (3, 5), (1, 9), (2, 7), (3, 7))
    found = dict(popularity(count_ratings(ratings.lazy())).iter_rows())
    assert found == pytest.approx(
        {5: 1.0, 7: math.log(3) / math.log(4), 9: math.log(2) / math.log(4)}
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.none() | st.integers(1890, 2030), min_size=1, max_size=6), st.data())
def test_date_affinity_lies_in_the_unit_range_and_is_null_for_an_unknown_year(rated, data):
    asked = data.draw(st.lists(st.none() | st.integers(1890, 2030), min_size=1, max_size=6))
    found = affinities(rated, asked)
    nothing_known = all(year is None for year in rated)
    for value, year in zip(found, asked, strict=True):
        assert (value is None) == (year is None or nothing_known)
        assert value is None or 0.0 <= value <= 1.0


def test_date_affinity_is_highest_in_the_persons_own_year_and_falls_with_distance():
    found = affinities([1990], [1990, 1992, 1988, 1996, 2020])
    expected = [math.exp(-0.5 * (gap / 4) ** 2) for gap in (0, 2, 2, 6, 30)]
    assert found == pytest.approx(expected)


def test_date_affinity_is_higher_where_more_of_the_persons_items_lie():
    early, late, never = affinities([1975, 1975, 1976, 2015], [1975, 2015, 1940])
    assert early > late > never
    assert early == pytest.approx(1.0, abs=0.02)


def test_the_densest_year_of_a_mixed_taste_counts_one():
    densest = max(affinities([1980, 1984, 2000], list(range(1960, 2021))))
    assert densest == pytest.approx(1.0)


@pytest.mark.parametrize("year", [1799, 2101, 0, -400, 99_999])
def test_a_year_off_the_calendar_is_unknown(year):
    assert affinities([1990, year], [year, 1990]) == [None, 1.0]
    assert affinities([year], [1990]) == [None]


@pytest.mark.parametrize("year", [1800, 2100])
def test_the_first_and_the_last_year_of_the_calendar_are_known(year):
    assert affinities([year], [year]) == [1.0]


def test_date_affinity_is_a_persons_own():
    items = years_table(1950, 2000, 1950)
    found = date_affinity(
        pairs_table((2, 3), (1, 3), (9, 3)), pairs_table((1, 1), (2, 2)), items
    ).to_list()
    assert found[1] == 1.0
    assert found[0] == pytest.approx(0.0, abs=1e-9)
    assert found[2] is None


def test_features_stand_beside_candidates_in_their_order():
    candidates = pairs_table((2, 3), (1, 2), (2, 1), (1, 3), (1, 1)).with_columns(
        base_rank=pl.Series([5, 4, 3, 2, 1])
    )
    scores = scores_table((1, 1, 0.1), (2, 1, 0.2), (1, 3, -0.3), (2, 3, 0.4), (1, 2, 0.5))
    ratings = pairs_table((1, 4), (2, 4), (3, 1))
    made = with_features(candidates, scores, ratings, years_table(1990, None, 2000, 1990))
    assert made.select(candidates.columns).equals(candidates)
    assert made["similarity"].to_list() == [0.4, 0.5, 0.2, -0.3, 0.1]
    half = math.log(2) / math.log(3)
    assert made["popularity"].to_list() == pytest.approx([0.0, 0.0, half, 0.0, half])
    far = math.exp(-0.5 * 2.5**2)
    assert made["date_affinity"].to_list() == pytest.approx([far, None, 1.0, far, 1.0])


def test_a_pair_without_a_score_stays_null():
    made = with_features(
        pairs_table((1, 1), (1, 2), (1, 3)),
        scores_table((1, 1, 0.5), (1, 3, None), (2, 2, 0.9)),
        pairs_table((1, 4)),
        years_table(None, None, None, None),
    )
    assert made["similarity"].to_list() == [0.5, None, None]
    assert made["date_affinity"].to_list() == [None, None, None]
    assert made["date_affinity"].dtype == pl.Float64


def test_external_signals_are_the_catalogues_quality_and_the_log_of_its_votes():
    items = items_table([None] * 4, quality=[7.5, None, 0.0, 9.9], votes=[999, 10**7, 0, None])
    found = external(items.reverse())
    assert found.columns == ["item", "external_quality", "external_votes"]
    assert found["item"].to_list() == [1, 2, 3, 4]
    assert found["external_quality"].to_list() == [7.5, None, 0.0, 9.9]
    assert found["external_votes"].to_list() == pytest.approx(
        [math.log(1000), math.log(10**7 + 1), 0.0, None]
    )


def test_external_signals_stand_beside_their_items_and_are_null_where_the_catalogue_is_silent():
    made = with_features(
        pairs_table((2, 2), (1, 1), (1, 3)),
        scores_table(),
        pairs_table((1, 2), (2, 2)),
        items_table([1990] * 3, quality=[8.0, None, 6.5], votes=[9, None, 99]),
    )
    assert made.select("user", "item").rows() == [(2, 2), (1, 1), (1, 3)]
    assert made["external_quality"].to_list() == [None, 8.0, 6.5]
    assert made["external_votes"].to_list() == pytest.approx([None, math.log(10), math.log(100)])


def test_external_signals_do_not_depend_on_train_nor_train_signals_on_them():
    asked, scores = pairs_table((1, 1), (1, 2)), scores_table((1, 1, 0.5), (1, 2, -0.5))
    poor = items_table([1990, 1995, 2000], quality=[1.0, 2.0, 3.0], votes=[1, 2, 3])
    rich = items_table([1990, 1995, 2000], quality=[9.0, 8.0, None], votes=[900, None, 7])
    outside = ["external_quality", "external_votes"]
    made = with_features(asked, scores, pairs_table((1, 3), (2, 1)), poor)
    other_train = with_features(asked, scores, pairs_table((1, 3), (1, 1), (3, 2)), poor)
    other_catalogue = with_features(asked, scores, pairs_table((1, 3), (2, 1)), rich)
    assert made.select(outside).equals(other_train.select(outside))
    assert not made["popularity"].equals(other_train["popularity"])
    assert made.drop(outside).equals(other_catalogue.drop(outside))
    assert not made.select(outside).equals(other_catalogue.select(outside))
