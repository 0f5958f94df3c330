import math
from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.vocabulary import RuleName
from tasks.ranking.options import Weights
from tasks.ranking.rankers import LISTED, RuleRanker
from tasks.ranking.rules import rule_scores
from tests.ranking.ordering import ordered

quickly = settings(deadline=None, max_examples=30)

RULES: tuple[RuleName, ...] = get_args(RuleName)
TRAIN_SIGNALS = ["estimate", "similarity", "popularity", "date_affinity"]
EXTERNAL_SIGNALS = ["external_quality", "external_votes"]
SIGNALS = TRAIN_SIGNALS + EXTERNAL_SIGNALS
NOTHING = dict.fromkeys(SIGNALS, 0.0)
SCHEMA = {
    "user": pl.Int64,
    "item": pl.Int64,
    "estimate": pl.Float64,
    "base_rank": pl.Int32,
    "similarity": pl.Float64,
    "popularity": pl.Float64,
    "date_affinity": pl.Float64,
    "external_quality": pl.Float64,
    "external_votes": pl.Float64,
}

few = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0])
near = st.floats(-1, 1).map(lambda value: round(value, 6))
signal = st.one_of(st.none(), few, near)
estimate = near.map(lambda value: 3 + 2 * value) | st.just(5.0)
row = st.tuples(estimate, signal, near.map(abs), signal, signal, signal)
lists = st.lists(st.lists(row, min_size=1, max_size=8), min_size=1, max_size=4)
weights = st.builds(Weights, **dict.fromkeys(SIGNALS, st.sampled_from([0.0, 0.5, 1.0, 3.0])))


def weighing(**given):
    return Weights(**(NOTHING | given))


def candidates_table(people):
    """One row per values of SIGNALS, best estimate first."""
    rows = []
    for user, mine in enumerate(people, start=1):
        best_first = sorted(mine, key=lambda values: -values[0])
        for place, (estimate, *others) in enumerate(best_first, start=1):
            rows.append((user, 100 - place, estimate, place, *others))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def one_person(**columns):
    count = len(next(iter(columns.values())))
    values = {name: columns.get(name, [0.0] * count) for name in SIGNALS}
    return candidates_table([]).vstack(
        pl.DataFrame(
            {
                "user": [1] * count,
                "item": list(range(1, count + 1)),
                "estimate": values.pop("estimate"),
                "base_rank": list(range(1, count + 1)),
                **values,
            },
            schema=SCHEMA,
        )
    )


def rerank(candidates, rule, weights, min_similarity):
    return ordered(candidates, RuleRanker.of(rule, weights, min_similarity))


def order(candidates, rule, weights, min_similarity=0.0):
    return rerank(candidates, rule, weights, min_similarity)["item"].to_list()


@pytest.mark.parametrize("rule", RULES)
@quickly
@given(people=lists, weights=weights, least=few, seed=st.integers(0, 9))
def test_every_rule_permutes_each_persons_candidates(rule, people, weights, least, seed):
    candidates = candidates_table(people).sample(fraction=1.0, shuffle=True, seed=seed)
    ranked = rerank(candidates, rule, weights, least)
    kept = ranked.select(candidates.columns).sort("user", "item")
    assert kept.equals(candidates.sort("user", "item"))
    assert ranked.columns == list(LISTED)
    assert ranked.rows() == ranked.sort("user", "rank").rows()
    for mine in ranked.partition_by("user"):
        assert mine["rank"].to_list() == list(range(1, mine.height + 1))


@pytest.mark.parametrize("rule", RULES)
@quickly
@given(people=lists, weights=weights, least=few)
def test_scores_fall_and_equal_scores_keep_the_base_order(rule, people, weights, least):
    ranked = rerank(candidates_table(people), rule, weights, least)
    assert ranked["score"].is_finite().all()
    for mine in ranked.partition_by("user"):
        keys = [(-score, place) for score, place in mine.select("score", "base_rank").iter_rows()]
        assert keys == sorted(keys)


@pytest.mark.parametrize("rule", ["weighted", "rrf"])
@quickly
@given(people=lists)
def test_with_all_weights_zero_the_base_order_stays(rule, people):
    ranked = rerank(candidates_table(people), rule, weighing(), 0.0)
    assert ranked["rank"].to_list() == ranked["base_rank"].to_list()


@pytest.mark.parametrize("rule", RULES)
@quickly
@given(people=lists, weights=weights, least=few)
def test_other_people_do_not_change_a_persons_scores(rule, people, weights, least):
    candidates = candidates_table(people)
    together = rerank(candidates, rule, weights, least).filter(user=1).sort("item")
    alone = rerank(candidates.filter(user=1), rule, weights, least).sort("item")
    assert together["score"].to_list() == pytest.approx(alone["score"].to_list(), abs=1e-6)


def test_llm_only_orders_by_similarity_with_unknown_as_neutral():
    candidates = one_person(similarity=[-0.2, None, 0.3, 0.0, 0.9])
    assert order(candidates, "llm_only", Weights()) == [5, 3, 2, 4, 1]


@quickly
@given(people=lists, weights=weights)
def test_weighted_is_the_weighted_sum_of_z_scores(people, weights):
    ranked = rerank(candidates_table(people), "weighted", weights, 0.0)
    for mine in ranked.partition_by("user"):
        expected = np.zeros(mine.height)
        for name in SIGNALS:
            values = mine[name].to_numpy().astype(float)
            known = values[~np.isnan(values)]
            if len(known) and math.sqrt(np.mean((known - known.mean()) ** 2)) > 1e-12:
                spread = math.sqrt(np.mean((known - known.mean()) ** 2))
                z_score = (values - known.mean()) / spread
                expected += getattr(weights, name) * np.nan_to_num(z_score)
        np.testing.assert_allclose(mine["score"].to_numpy(), expected, atol=1e-6)


def test_weighted_by_hand():
    candidates = one_person(estimate=[5.0, 4.0, 3.0], similarity=[0.0, 0.0, 0.9])
    ranked = rerank(candidates, "weighted", weighing(estimate=1, similarity=2), 0.0)
    assert ranked["item"].to_list() == [3, 1, 2]
    spread = math.sqrt(2 / 3)
    assert ranked["score"].to_list() == pytest.approx(
        [-1 / spread + 2 * math.sqrt(2), 1 / spread - math.sqrt(2), -math.sqrt(2)]
    )


@quickly
@given(people=lists, weights=weights)
def test_none_keeps_the_base_order_whatever_is_known(people, weights):
    ranked = rerank(candidates_table(people), "none", weights, 0.0)
    assert ranked["rank"].to_list() == ranked["base_rank"].to_list()
    assert set(ranked["score"]) == {0.0}


def test_external_signals_count_nothing_unless_weighed():
    assert (Weights().external_quality, Weights().external_votes) == (0.0, 0.0)
    candidates = one_person(
        estimate=[3.0, 2.0, 1.0], external_quality=[1.0, 5.0, 9.0], external_votes=[1.0, 3.0, 2.0]
    )
    for rule in ("weighted", "rrf"):
        assert order(candidates, rule, Weights()) == [1, 2, 3]
        assert order(candidates, rule, weighing(external_quality=1)) == [3, 2, 1]
        assert order(candidates, rule, weighing(external_votes=1)) == [2, 3, 1]


@pytest.mark.parametrize("rule", ["weighted", "rrf"])
@pytest.mark.parametrize("unread", SIGNALS)
def test_a_signal_of_weight_zero_is_not_even_read(rule, unread):
    candidates = one_person(**{name: [0.9, 0.4, 0.5] for name in SIGNALS})
    weights = Weights(**(dict.fromkeys(SIGNALS, 1.0) | {unread: 0.0}))
    score = rule_scores(rule, weights, 0.0).alias("score")
    assert candidates.drop(unread).select(score).equals(candidates.select(score))


@pytest.mark.parametrize("constant", [0.1, 0.7, 1 / 3, 4.999])
@pytest.mark.parametrize("count", [3, 10, 100])
def test_a_constant_signal_counts_nothing(constant, count):
    similarity = [(7 * n % count) / count for n in range(count)]
    candidates = one_person(similarity=similarity, popularity=[constant] * count)
    ranked = rerank(candidates, "weighted", weighing(similarity=1, popularity=100), 0.0)
    without = rerank(candidates, "weighted", weighing(similarity=1), 0.0)
    assert ranked["score"].to_list() == without["score"].to_list()
    assert ranked["similarity"].to_list() == sorted(similarity, reverse=True)


def test_a_signal_known_of_nobody_counts_nothing():
    candidates = one_person(similarity=[None, None], date_affinity=[None, None])
    ranked = rerank(candidates, "weighted", Weights(), 0.0)
    assert ranked["score"].to_list() == [0.0, 0.0]
    assert ranked["item"].to_list() == [1, 2]


def test_an_unknown_signal_counts_as_the_average():
    candidates = one_person(similarity=[None, 0.5, -0.5])
    ranked = rerank(candidates, "weighted", weighing(similarity=1), 0.0)
    assert ranked.select("item", "score").rows() == [(2, 1.0), (1, 0.0), (3, -1.0)]


def test_rrf_by_hand():
    candidates = one_person(
        estimate=[4.0, 3.0, 2.0, 1.0],
        similarity=[0.1, None, 0.9, 0.5],
        popularity=[0.2, 0.8, 0.8, 0.1],
    )
    ranked = rerank(candidates, "rrf", weighing(estimate=1, similarity=2, popularity=0.5), 0.0)
    expected = {
        1: 1 / 61 + 2 / 63 + 0.5 / 63,
        2: 1 / 62 + 2 / 62.5 + 0.5 / 61.5,
        3: 1 / 63 + 2 / 61 + 0.5 / 61.5,
        4: 1 / 64 + 2 / 62 + 0.5 / 64,
    }
    assert dict(ranked.select("item", "score").iter_rows()) == pytest.approx(expected)
    assert ranked["item"].to_list() == sorted(expected, key=lambda item: -expected[item])


def test_rrf_ranks_by_estimate_as_the_base_does_where_clipping_made_ties():
    candidates = one_person(estimate=[5.0, 5.0, 5.0])
    ranked = rerank(candidates, "rrf", weighing(estimate=1), 0.0)
    assert ranked["score"].to_list() == pytest.approx([1 / 61, 1 / 62, 1 / 63])


def test_filter_puts_the_dissimilar_behind_and_keeps_the_base_order():
    candidates = one_person(similarity=[-0.5, 0.4, None, 0.1, 0.9, -0.1])
    assert order(candidates, "filter", Weights()) == [2, 3, 4, 5, 1, 6]
    assert order(candidates, "filter", Weights(), 0.4) == [2, 5, 1, 3, 4, 6]
    assert order(candidates, "filter", Weights(), -1.0) == [1, 2, 3, 4, 5, 6]


def test_unknown_signals_stay_null():
    candidates = one_person(similarity=[None, 0.2], date_affinity=[0.3, None])
    for rule in RULES:
        ranked = rerank(candidates, rule, Weights(), 0.0).sort("item")
        assert ranked["similarity"].to_list() == [None, 0.2]
        assert ranked["date_affinity"].to_list() == [0.3, None]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_only_those_signals_made_that_count(rule):
    weights = Weights(popularity=2, date_affinity=0, external_votes=1)
    reads = ("popularity", "external_votes") if rule in {"weighted", "rrf"} else ()
    assert RuleRanker.of(rule, weights, 0.0).features == reads
