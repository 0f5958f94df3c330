"""Rankers: each gives a permutation of everybody's candidates, and says what speaks for an item."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.features.table import LABEL
from tasks.ranking import rankers
from tasks.ranking.blend import Learned
from tasks.ranking.learned import LearnedWeights
from tasks.ranking.options import Weights
from tasks.ranking.rankers import (
    LEAST,
    LISTED,
    STRONGEST,
    LearnedRanker,
    OracleRanker,
    RandomRanker,
    Ranker,
    RuleRanker,
)
from tests.ranking.ordering import ordered

KEYS = ["user", "item"]
FEATURES = ("liked texts", "ease", "log history")

quickly = settings(deadline=None, max_examples=30)
pairs = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=24, unique=True
)


def weights(**by_feature):
    """A fitted line with these weights on features of mean 0 and spread 1."""
    count = len(by_feature)
    return LearnedWeights(
        features=list(by_feature),
        means=[0.0] * count,
        spreads=[1.0] * count,
        weights=list(by_feature.values()),
        intercept=-1.0,
        rows=1,
        positives=1,
        data=[],
    )


LINE = weights(**{"liked texts": 1.0, "ease": 0.5, "log history": 3.0})

RANKERS: dict[str, Ranker] = {
    "none": RuleRanker.of("none", Weights(), 0.0),
    "llm_only": RuleRanker.of("llm_only", Weights(), 0.0),
    "weighted": RuleRanker.of("weighted", Weights(), 0.0),
    "rrf": RuleRanker.of("rrf", Weights(), 0.0),
    "filter": RuleRanker.of("filter", Weights(), 0.0),
    "learned": LearnedRanker(features=FEATURES, learned=Learned(weights=LINE)),
    "random": RandomRanker(seed=3),
    "oracle": OracleRanker(),
}
EACH = pytest.mark.parametrize("name", RANKERS)


def candidates(rows):
    """(user, item) with base ranks in the order of the rows, and few values of every column."""
    frame = pl.DataFrame(list(rows), schema=KEYS, orient="row")
    rank = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("user")
    some = ((pl.col("user") * 7 + pl.col("item") * 5) % 3).cast(pl.Float64)
    signals = ("similarity", "popularity", "date_affinity")
    return frame.with_columns(
        rank.alias("base_rank"),
        (5.0 - pl.col("item") / 4).alias("estimate"),
        *(((some + n) % 3 / 2).alias(name) for n, name in enumerate(signals)),
        *(((some + n) % 3).cast(pl.Float32).alias(name) for n, name in enumerate(FEATURES)),
        (some > 1).alias(LABEL),
    )


@EACH
@quickly
@given(rows=pairs, seed=st.integers(0, 5))
def test_it_gives_a_permutation_of_each_users_candidates(name, rows, seed):
    table = candidates(rows).sample(fraction=1.0, shuffle=True, seed=seed)
    lists = ordered(table, RANKERS[name])
    assert lists.columns == list(LISTED)
    kept = ["user", "item", "estimate", "base_rank"]
    assert lists.select(kept).sort(KEYS).equals(table.select(kept).sort(KEYS))
    assert lists.rows() == lists.sort("user", "rank").rows()
    for mine in lists.partition_by("user"):
        assert mine["rank"].to_list() == list(range(1, mine.height + 1))
        order = [(-score, place) for score, place in mine.select("score", "base_rank").rows()]
        assert order == sorted(order), "equal scores keep the base order"


@EACH
@quickly
@given(rows=pairs, cut=st.integers(1, 4))
def test_the_users_of_another_chunk_change_nothing(name, rows, cut):
    table, ranker = candidates(rows).sort("user", maintain_order=True), RANKERS[name]
    first = table.filter(pl.col("user") <= cut)
    parts = [first, table.filter(pl.col("user") > cut)]
    skips = [0, first.height]
    lists = [
        ordered(
            part,
            ranker.model_copy(update={"skip": skip})
            if isinstance(ranker, RandomRanker)
            else ranker,
        )
        for part, skip in zip(parts, skips, strict=True)
        if part.height
    ]
    whole = ordered(table, ranker)
    made = pl.concat(lists)
    assert made.select(*KEYS, "rank").equals(whole.select(*KEYS, "rank"))
    np.testing.assert_allclose(made["score"], whole["score"], atol=1e-9)


@EACH
def test_nobody_has_an_empty_list_with_all_columns(name):
    empty = candidates([(1, 1)]).clear()
    lists = ordered(empty, RANKERS[name], 5)
    assert lists.columns == list(LISTED) and lists.is_empty()


@EACH
def test_a_list_of_any_ranker_has_columns_of_the_same_kinds(name):
    schema = ordered(candidates([(1, 1), (1, 2)]), RANKERS[name]).schema
    floats = set(LISTED) - {"user", "item", "base_rank", "rank", "reasons"}
    assert {schema[column] for column in floats} == {pl.Float64}
    assert schema["reasons"] == pl.String and schema["rank"] == pl.Int32


def test_signals_that_a_ranker_does_not_read_are_null():
    table = candidates([(1, 1), (1, 2)]).drop("popularity", "date_affinity", "similarity")
    lists = ordered(table, RANKERS["learned"])
    unread = ["similarity", "popularity", "date_affinity", "external_quality", "external_votes"]
    assert lists.select(unread).null_count().sum_horizontal().item() == 2 * len(unread)


def test_a_base_models_score_is_no_signal_of_its_name():
    table = candidates([(1, 1), (1, 2)])
    learned = LearnedRanker(features=("popularity",), learned=Learned(weights=LINE))
    lists = ordered(table.with_columns(popularity=pl.lit(812.0)), learned)
    assert lists["popularity"].null_count() == 2
    assert lists["similarity"].null_count() == 0, "the scorer's is the scorer's"
    assert ordered(table, RANKERS["weighted"])["popularity"].null_count() == 0


@quickly
@given(rows=pairs, held=pairs)
def test_the_oracle_puts_what_was_held_out_first_and_keeps_the_base_order_within(rows, held):
    hit = pl.struct(KEYS).map_elements(lambda row: tuple(row.values()) in held, pl.Boolean)
    lists = ordered(candidates(rows).with_columns(hit.alias(LABEL)), OracleRanker())
    for (user,), mine in lists.group_by("user"):
        theirs = {item for owner, item in held if owner == user}
        order = [
            (item not in theirs, place) for item, place in mine.select("item", "base_rank").rows()
        ]
        assert order == sorted(order)
        assert mine["score"].to_list() == [float(item in theirs) for item in mine["item"]]


def test_a_random_order_is_its_seeds_whatever_the_order_of_the_rows():
    table = candidates([(user, item) for user in (1, 2) for item in range(1, 21)])
    one = ordered(table, RandomRanker(seed=1))
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=5)
    assert one.equals(ordered(shuffled, RandomRanker(seed=1)))
    assert not one["item"].equals(ordered(table, RandomRanker(seed=2))["item"])
    first, second = (one.filter(user=user)["item"].to_list() for user in (1, 2))
    assert first != second


def test_a_random_order_sees_nothing_that_is_held_out():
    table = candidates([(1, item) for item in range(1, 21)])
    ranker = RandomRanker(seed=1)
    assert ordered(table.drop(LABEL), ranker).equals(ordered(table, ranker))


def test_in_a_random_order_every_place_is_as_likely():
    table = candidates([(user, item) for user in range(1, 2001) for item in range(1, 6)])
    lists = ordered(table, RandomRanker(seed=0))
    counts = lists.group_by("base_rank", "rank").len()["len"].cast(pl.Int64).to_numpy()
    assert len(counts) == 25
    assert np.abs(counts - 400).max() < 5 * np.sqrt(400 * 0.8)


TEXT = "its text is like what you liked"
LIKE_RATINGS = "rated by people who rated what you rated"


def reasons_of(*rows, explained=10, **by_feature):
    """The reasons of one user's items 1, 2 ... whose features are so."""
    names = list(by_feature)
    table = pl.DataFrame(list(rows), schema=dict.fromkeys(names, pl.Float32), orient="row")
    table = table.with_columns(
        user=pl.lit(1),
        item=pl.int_range(1, pl.len() + 1),
        estimate=pl.lit(3.0),
        base_rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
    )
    ranker = LearnedRanker(features=tuple(names), learned=Learned(weights=weights(**by_feature)))
    return dict(ordered(table, ranker, explained).select("item", "reasons").rows())


def test_the_strongest_reasons_come_first_whichever_feature_stands_first():
    made = reasons_of([2, 3], [3, 2], [0, 0], **{"liked texts": 1.0, "ease": 1.0})
    assert made == {1: f"{LIKE_RATINGS}; {TEXT}", 2: f"{TEXT}; {LIKE_RATINGS}", 3: None}


def test_a_reason_is_what_the_item_has_above_the_users_other_candidates():
    """Both are high in text; only one is higher than the other."""
    made = reasons_of([9, 1], [8, 3], **{"liked texts": 1.0, "ease": 1.0})
    assert made == {1: TEXT, 2: LIKE_RATINGS}
    assert reasons_of([9, 3], [9, 1], **{"liked texts": 1.0, "ease": 1.0})[1] == LIKE_RATINGS


def test_where_nothing_speaks_for_an_item_there_is_no_reason():
    alike = reasons_of([1, 1], [1, 1], **{"liked texts": 1.0, "ease": 1.0})
    assert alike == {1: None, 2: None}
    slight = LEAST * 0.9
    assert reasons_of([slight, 0], [-slight, 0], **{"liked texts": 1.0, "ease": 1.0})[1] is None
    enough = LEAST * 1.1
    assert reasons_of([enough, 0], [-enough, 0], **{"liked texts": 1.0, "ease": 1.0})[1] == TEXT


def test_a_feature_without_words_is_no_reason_however_much_it_adds():
    made = reasons_of([1, 9], [0, 0], **{"liked texts": 1.0, "log history": 5.0})
    assert made[1] == TEXT


def test_a_low_value_of_what_counts_against_an_item_speaks_for_it():
    assert reasons_of([-2], [2], **{"liked texts": -1.0}) == {1: TEXT, 2: None}


def test_features_of_one_reason_are_one_reason_and_only_the_strongest_are_told():
    by_feature = {"liked texts": 1.0, "three nearest liked texts": 1.0, "ease": 1.4}
    by_feature |= {"genres": 0.5, "log count": 0.4}
    made = reasons_of([1, 1, 1, 1, 1], [-1, -1, -1, -1, -1], **by_feature)
    assert made[1] == f"{TEXT}; {LIKE_RATINGS}" and STRONGEST == 2


def test_reasons_are_told_of_the_first_of_either_list_alone():
    """The last item of the base list is the first of the other."""
    rows = [[4 - n] for n in (4, 3, 2, 1)]
    made = reasons_of(*rows, explained=1, ease=1.0)
    assert {item for item, reasons in made.items() if reasons} <= {1, 4}
    assert made[4] == LIKE_RATINGS and made[3] is None
    assert reasons_of(*rows, explained=2, ease=1.0)[3] == LIKE_RATINGS


def test_another_users_candidates_are_no_measure():
    rows = [(1, 1), (1, 2), (2, 1), (2, 2)]
    table = candidates(rows).with_columns(pl.Series("ease", [0.0, 1.0, 100.0, 101.0]))
    ranker = LearnedRanker(features=("ease",), learned=Learned(weights=weights(ease=1.0)))
    made = ordered(table, ranker, 5).filter(pl.col("reasons").is_not_null())
    assert made.select(KEYS).rows() == [(1, 2), (2, 2)]


def test_a_weighted_sum_tells_its_strongest_summands():
    table = candidates([(1, 1), (1, 2), (1, 3)]).with_columns(
        pl.Series("estimate", [5.0, 3.0, 3.0]),
        pl.Series("similarity", [0.0, 0.9, 0.0]),
        pl.Series("popularity", [0.0, 0.5, 0.1]),
        date_affinity=pl.lit(0.5),
    )
    lists = ordered(table, RANKERS["weighted"], 3)
    made = dict(lists.select("item", "reasons").rows())
    assert made[1] == LIKE_RATINGS
    assert made[2].startswith("fits what you like, in words; rated by many")
    assert made[3] is None


@pytest.mark.parametrize("name", ["none", "llm_only", "rrf", "filter", "random", "oracle"])
def test_other_rankers_have_no_reason_to_tell(name):
    lists = ordered(candidates([(1, 1), (1, 2), (1, 3)]), RANKERS[name], 3)
    assert lists["reasons"].null_count() == 3


def test_the_parts_of_a_learned_score_are_those_of_its_logit():
    table = candidates([(user, item) for user in (1, 2) for item in range(1, 9)])
    parts = RANKERS["learned"].contributions(table)
    assert set(parts) == {TEXT, LIKE_RATINGS, ""}
    np.testing.assert_allclose(sum(parts.values()) + LINE.intercept, LINE.logits(table), atol=1e-5)


def test_that_nothing_speaks_for_the_first_row_takes_no_other_its_reasons():
    parts = {"rated by many": np.array([0.0, 3.0])}
    told = rankers._reasons(parts, pl.Series("user", [1, 1]), pl.Series([True, True]))
    assert told.to_list() == [None, "rated by many"]
