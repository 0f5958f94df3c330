import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from tasks.core.artifacts import read_arrays, write_table
from tasks.core.errors import TooLittleDataError
from tasks.features.learning import drawn_users, few_misses, trimmed
from tasks.ranking.blend import (
    MISSES,
    Learned,
    Trees,
    blended,
    learn_blend,
    learn_forward,
    probabilities,
)
from tasks.ranking.learned import learn
from tasks.ranking.rankers import LearnedRanker, order
from tasks.ranking.stages import learn_stage
from tasks.ranking.trees import MANY_HITS, grow, tree_scores
from tests.ranking.interaction import EACH, FEATURES, hits_above_others, interacting

TABLES = [interacting(seed) for seed in range(2)]
FRESH = interacting(2, rows=8000)

pytestmark = pytest.mark.usefixtures("small_trees")


@pytest.fixture(scope="module")
def fitted(small_trees):
    return learn_blend(TABLES, ["a", "b"], 0)


@pytest.fixture(scope="module")
def learned(fitted):
    """As the stage gives it, but for where the text of the trees lies."""
    weights, _, slope, intercept = fitted
    return Learned(weights=weights, slope=slope, intercept=intercept)


def by_person(values, table):
    """Per person one row of their candidates' values."""
    told = table.select("user", "item", value=pl.Series(values)).sort("user", "item")
    return told["value"].to_numpy().reshape(-1, EACH)


def test_the_line_learns_from_few_misses_of_all_tables_and_the_trees_of_all_but_the_last(fitted):
    weights, grown, slope, _ = fitted
    fewer = [few_misses(table, 0, MISSES) for table in TABLES]
    assert fewer[0].height < TABLES[0].height
    assert weights == learn(fewer, ["a", "b"], 0)
    with_hits = TABLES[1].filter(pl.col("held_out").any().over("user"))
    assert grown == grow(fewer[:1], with_hits, FEATURES, 0)
    assert slope > 0


def test_tables_without_a_hit_teach_nothing():
    none = [table.with_columns(held_out=pl.lit(False)) for table in TABLES]
    with pytest.raises(TooLittleDataError, match="nothing to tell apart"):
        learn_blend(none, ["a", "b"], 0)


def test_the_same_tables_and_seed_give_the_same(fitted):
    assert learn_blend(TABLES, ["a", "b"], 0) == fitted
    assert learn_blend(TABLES, ["a", "b"], 1)[1] != fitted[1]


def test_each_persons_candidates_keep_the_mean_and_spread_of_their_logits(fitted):
    weights, grown, *_ = fitted
    table = FRESH.sort("item")
    both = by_person(blended(table, weights, grown.text), table)
    logits = by_person(weights.logits(FRESH), FRESH)
    np.testing.assert_allclose(both.mean(axis=1), logits.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(both.std(axis=1), logits.std(axis=1), rtol=1e-5)


def test_the_order_is_by_the_sum_of_both_z_scores_among_the_persons_candidates(fitted):
    weights, grown, *_ = fitted
    z_scores = []
    for values in (weights.logits(FRESH), tree_scores(grown.text, FEATURES, FRESH)):
        mine = by_person(values, FRESH)
        z_scores.append((mine - mine.mean(axis=1, keepdims=True)) / mine.std(axis=1, keepdims=True))
    summed = z_scores[0] + z_scores[1]
    both = by_person(blended(FRESH, weights, grown.text), FRESH)
    for found, expected in zip(both, summed, strict=True):
        assert np.corrcoef(found, expected)[0, 1] == pytest.approx(1, abs=1e-6)
    line, blend = weights.logits(FRESH), blended(FRESH, weights, grown.text)
    assert hits_above_others(blend, FRESH) > hits_above_others(line, FRESH) + 0.05


def test_rows_may_stand_in_any_order_and_ids_may_be_text(fitted):
    weights, grown, *_ = fitted
    order = np.random.default_rng(0).permutation(FRESH.height)
    whole = blended(FRESH, weights, grown.text)
    named = FRESH[order].with_columns(pl.format("user-{}", "user"))
    np.testing.assert_allclose(blended(named, weights, grown.text), whole[order], atol=1e-5)


def test_a_single_candidate_keeps_its_logit(fitted):
    weights, grown, *_ = fitted
    single = FRESH.with_columns(user=pl.int_range(pl.len()))
    found = blended(single, weights, grown.text)
    np.testing.assert_allclose(found, weights.logits(single), atol=1e-5)


def test_probabilities_are_calibrated_over_all_and_from_the_lowest_to_the_highest(fitted, learned):
    likely = probabilities(FRESH, learned, fitted[1].text)
    labels = FRESH["held_out"].to_numpy()
    assert likely.mean() == pytest.approx(labels.mean(), abs=0.02)
    parts = np.array_split(np.argsort(likely), 8)
    for part in parts:
        assert likely[part].mean() == pytest.approx(labels[part].mean(), abs=0.08)
    assert labels[parts[-1]].mean() > 5 * labels[parts[0]].mean() > 0


def test_without_trees_probabilities_are_those_of_the_line(learned):
    alone = probabilities(FRESH, learned, None)
    np.testing.assert_array_equal(alone, learned.weights.probabilities(FRESH))


@pytest.mark.parametrize("value", [None, 0.0, 7e8])
def test_a_feature_that_is_always_the_same_or_never_known_breaks_nothing(value):
    dull = pl.lit(value, pl.Float32).alias("dull")
    weights, grown, *rest = learn_blend([t.with_columns(dull) for t in TABLES], [], 0)
    assert dict(zip(weights.features, grown.gains, strict=True))["dull"] == 0
    table = FRESH.with_columns(pl.lit(3.0, pl.Float32).alias("dull"))
    made = Learned(weights=weights, slope=rest[0], intercept=rest[1])
    likely = probabilities(table, made, grown.text)
    assert ((likely > 0) & (likely < 1)).all()
    assert hits_above_others(likely, FRESH) > 0.75


def test_features_that_are_unknown_of_a_candidate_leave_a_probability(fitted, learned):
    unknown = FRESH.with_columns(pl.lit(None, pl.Float32).alias(name) for name in FEATURES)
    likely = probabilities(unknown, learned, fitted[1].text)
    usual = expit(learned.intercept + learned.slope * learned.weights.intercept)
    np.testing.assert_allclose(likely, usual, atol=1e-6)


@pytest.mark.parametrize(("label", "count"), [(False, "0 of 2,000"), (True, "2,000 of 2,000")])
def test_a_last_split_with_nothing_to_tell_apart_is_too_little(label, count):
    last = TABLES[1].with_columns(held_out=pl.lit(label))
    with pytest.raises(TooLittleDataError, match=f"its last inner split {count} were held out"):
        learn_blend([TABLES[0], last], [], 0)


def test_trees_that_had_no_hit_to_grow_from_leave_the_order_of_the_line():
    none = TABLES[0].with_columns(held_out=pl.lit(False))
    weights, grown, *_ = learn_blend([none, TABLES[1]], [], 0)
    assert grown.gains == [0.0] * len(FEATURES)
    np.testing.assert_allclose(
        blended(FRESH, weights, grown.text), weights.logits(FRESH), atol=1e-5
    )


class Kept:
    """Learned by the stage from stored tables, and what its trees make of fresh candidates."""

    def __init__(self, home):
        tables = [write_table(home, "features", table) for table in TABLES]
        self.home, self.data = home, [table.sha256 for table in tables]
        self.learned = learn_stage.fn(home, tables, 0, trees=True)
        assert self.learned.trees
        self.text = read_arrays(home, self.learned.trees.text)["text"].tobytes().decode()
        place = (pl.col("item") + 1).cast(pl.Int32)
        table = FRESH.drop("held_out").with_columns(estimate=pl.lit(3.0), base_rank=place)
        ranker = LearnedRanker(features=tuple(FEATURES), learned=self.learned)
        self.ranked = order(home, table.reverse(), ranker, 0)


@pytest.fixture(scope="module")
def kept(tmp_path_factory, small_trees):
    return Kept(tmp_path_factory.mktemp("kept"))


def test_the_stage_keeps_the_trees_as_their_own_text(kept, fitted):
    weights, grown, slope, intercept = fitted
    assert kept.text == grown.text
    assert kept.learned == Learned(
        weights=weights.model_copy(update={"data": kept.data}),
        trees=Trees(text=kept.learned.trees.text, count=grown.trees, gains=grown.gains),
        slope=slope,
        intercept=intercept,
    )
    assert kept.learned.trees.text.rows == grown.trees
    assert Learned.model_validate_json(kept.learned.model_dump_json()) == kept.learned


def test_candidates_stand_in_the_order_of_what_the_stored_trees_and_the_line_make_likely(
    kept, fitted, learned
):
    likely = probabilities(FRESH, learned, fitted[1].text)
    told = FRESH.select("user", "item", likely=pl.Series(likely))
    both = kept.ranked.join(told, on=["user", "item"]).sort("user", "rank")
    assert both.height == FRESH.height
    np.testing.assert_allclose(both["score"], both["likely"], atol=1e-6)
    falls = both.select((pl.col("likely").diff() <= 1e-6).over("user"))
    assert falls["likely"].drop_nulls().all()


def test_forward_the_trees_alone_order_and_the_newest_window_says_how_likely_it_is(tmp_path):
    drawn = [drawn_users(table["user"].unique().sort(), 0) for table in TABLES]
    windows = [trimmed(table, some, 0) for table, some in zip(TABLES, drawn, strict=True)]
    older, newest = [few_misses(windows[0], 0)], windows[1]
    weights, grown, slope, intercept = learn_forward(older, newest, ["a", "b"], 0)
    assert weights == learn([few_misses(newest, 0)], ["b"], 0)
    check = newest.filter("whole", pl.col("held_out").any().over("user"))
    stopped = grow(older, check, FEATURES, 0, shape=MANY_HITS)
    assert grown.trees == stopped.trees and grown.text != stopped.text, "grown on both at last"
    made = blended(FRESH, weights, grown.text, trees_alone=True)
    scores = tree_scores(grown.text, FEATURES, FRESH)
    order, expected = (np.argsort(-by_person(one, FRESH)) for one in (made, scores))
    np.testing.assert_array_equal(order, expected)
    stored = [write_table(tmp_path, "features", table) for table in windows]
    assert learn_stage.fn(tmp_path, stored, 0, trees=True, forward=True).trees_alone
    linear = learn_stage.fn(tmp_path, stored, 0, trees=False, forward=True)
    assert linear.weights.rows == sum(table["whole"].sum() for table in windows)
    plain = [write_table(tmp_path, "features", table) for table in TABLES]
    assert not learn_stage.fn(tmp_path, plain, 0, trees=True).trees_alone
    foreseen = expit(intercept + slope * made).mean()
    assert foreseen == pytest.approx(FRESH["held_out"].mean(), rel=0.15)
