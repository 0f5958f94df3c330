import sys

import numpy as np
import polars as pl
import pytest

from tasks.core.errors import SettingsError
from tasks.ranking import trees
from tasks.ranking.learned import learn
from tasks.ranking.trees import grow, tree_scores
from tests.ranking.interaction import FEATURES, hits_above_others, interacting

TABLE, CHECK, FRESH = (interacting(seed) for seed in range(3))

pytestmark = pytest.mark.usefixtures("small_trees")


@pytest.fixture(scope="module")
def grown(small_trees):
    return grow([TABLE], CHECK, FEATURES, 0)


def test_trees_find_what_no_line_can(grown):
    line = learn([TABLE, CHECK], [], 0).logits(FRESH)
    assert hits_above_others(line, FRESH) < 0.7
    assert hits_above_others(tree_scores(grown.text, FEATURES, FRESH), FRESH) > 0.8


@pytest.mark.parametrize("features", [FEATURES, ["noise", "one", "other", "alone"]])
def test_gains_are_shares_by_feature_and_name_those_that_matter(features):
    found = grow([TABLE], CHECK, features, 0).gains
    assert sum(found) == pytest.approx(1) and min(found) >= 0
    gains = dict(zip(features, found, strict=True))
    assert gains["noise"] < 0.2 and gains["one"] + gains["other"] > 0.5


def test_as_many_trees_as_rank_the_check_table_best(grown, monkeypatch):
    assert f"Tree={grown.trees - 1}\n" in grown.text and f"Tree={grown.trees}\n" not in grown.text
    monkeypatch.setattr(trees, "PATIENCE", 5)
    hopeless = CHECK.with_columns(pl.col("held_out").shuffle(seed=1))
    assert grow([TABLE], hopeless, FEATURES, 0).trees < grown.trees


def test_the_seed_decides_the_trees(grown):
    assert grow([TABLE], CHECK, FEATURES, 0) == grown
    assert grow([TABLE], CHECK, FEATURES, 1).text != grown.text
    assert grow([TABLE], CHECK, FEATURES, 2**32 - 1).trees > 0


def test_a_persons_rows_may_lie_apart(grown):
    """By item: everybody's first candidate, then everybody's second, and so on."""
    apart = [table.sort("item", "user") for table in (TABLE, CHECK)]
    assert grow([apart[0]], apart[1], FEATURES, 0) == grown


def test_scores_come_in_the_order_of_the_rows(grown):
    scores = tree_scores(grown.text, FEATURES, FRESH)
    order = np.random.default_rng(0).permutation(FRESH.height)
    np.testing.assert_array_equal(tree_scores(grown.text, FEATURES, FRESH[order]), scores[order])
    assert scores.shape == (FRESH.height,) and scores.dtype == np.float64


def test_features_are_found_by_name(grown):
    other = FRESH.select("noise", pl.lit(1.0).alias("more"), "alone", "user", "other", "one")
    scores = tree_scores(grown.text, FEATURES, FRESH)
    np.testing.assert_array_equal(tree_scores(grown.text, FEATURES, other), scores)


def test_a_persons_candidates_of_two_splits_are_not_ranked_against_each_other():
    """It is as if they were of two people."""
    others = FRESH.with_columns(pl.col("user") + 1000)
    assert grow([TABLE, FRESH], CHECK, FEATURES, 0) == grow([TABLE, others], CHECK, FEATURES, 0)


def test_ids_may_be_text(grown):
    named = [t.with_columns(pl.format("user-{}", pl.col("user") + 1000)) for t in (TABLE, CHECK)]
    assert grow([named[0]], named[1], FEATURES, 0) == grown


@pytest.mark.parametrize("value", [None, 1.0])
def test_a_feature_that_is_always_the_same_or_never_known_gains_nothing(value):
    dull = pl.lit(value, pl.Float32).alias("alone")
    made = grow([TABLE.with_columns(dull)], CHECK.with_columns(dull), FEATURES, 0)
    assert made.gains[FEATURES.index("alone")] == 0 and sum(made.gains) == pytest.approx(1)
    assert np.isfinite(tree_scores(made.text, FEATURES, FRESH)).all()


def test_where_nothing_can_be_told_apart_all_score_the_same_and_nothing_is_gained():
    alike = TABLE.with_columns(pl.lit(1.0, pl.Float32).alias(name) for name in FEATURES)
    made = grow([alike], alike, FEATURES, 0)
    assert made.gains == [0.0] * len(FEATURES)
    assert len(set(tree_scores(made.text, FEATURES, FRESH))) == 1


def test_without_the_package_it_says_which_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(SettingsError, match="needs the package lightgbm") as error:
        grow([TABLE], CHECK, FEATURES, 0)
    assert "palate[trees]" in error.value.fix


def test_more_candidates_than_can_be_ranked_are_refused(monkeypatch):
    monkeypatch.setattr(trees, "LONGEST", 3)
    table = pl.DataFrame(
        {"user": [1] * 4, "item": range(4), "a": 0.0, "held_out": [True] + [False] * 3}
    )
    with pytest.raises(SettingsError, match="4 candidates; lightgbm ranks up to 3"):
        trees.grow([table], table, ["a"], 0)
