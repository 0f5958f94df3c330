from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tasks.models import base
from tasks.models.baselines.ease import Ease
from tasks.models.candidates import pair_estimates
from tests.models import factors, fitted, ratings_of, synthetic, training

MODELS = pytest.mark.parametrize("model", ["svd", "svdpp"])
SOURCES = pytest.mark.parametrize("source", ["text", "whole numbers", "movielens"])


def some_pairs(source):
    """Rated and unrated pairs in no order; every fourth has an unknown user, an item or both."""
    ratings, random = ratings_of(source), np.random.default_rng(4)
    users, items = (ratings[name].unique().sort() for name in ("user", "item"))
    strangers = ["a stranger", "new"] if source == "text" else [-1, 10**9]
    drawn = pl.DataFrame(
        {"user": users.gather(random.integers(0, len(users), 400)),
         "item": items.gather(random.integers(0, len(items), 400))}
    )  # fmt: skip
    turn = pl.int_range(pl.len()) % 12
    return drawn.with_columns(
        user=pl.when(turn.is_in([3, 11])).then(pl.lit(strangers[0])).otherwise("user"),
        item=pl.when(turn.is_in([7, 11])).then(pl.lit(strangers[1])).otherwise("item"),
    )


@MODELS
@SOURCES
def test_estimates_are_the_predictions_of_surprise_even_for_strangers(model, source):
    wanted = some_pairs(source)
    theirs = [fitted(model, source).predict(user, item).est for user, item in wanted.iter_rows()]
    ours = pair_estimates(factors(model, source), wanted)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_estimates_are_clipped_to_the_scale():
    wild = factors("svd", "text")
    wild = replace(wild, item_bias=wild.item_bias * 100)
    found = pair_estimates(wild, some_pairs("text"))
    assert found.min() == 0.5 and found.max() == 5.0


@pytest.mark.parametrize("cells", [1, 200, 80 * 7])
def test_the_size_of_a_block_changes_nothing(monkeypatch, cells):
    model, wanted = Ease.fit(training(synthetic("text"))), some_pairs("text")
    whole = pair_estimates(model, wanted)
    monkeypatch.setattr(base, "BLOCK_CELLS", cells)
    np.testing.assert_allclose(pair_estimates(model, wanted), whole, rtol=0, atol=1e-12)


def test_a_model_that_only_ranks_scores_strangers_zero():
    model, wanted = Ease.fit(training(synthetic("text"), regularization=50.0)), some_pairs("text")
    found = pair_estimates(model, wanted)
    strange = (wanted["user"].eq("a stranger") | wanted["item"].eq("new")).to_numpy()
    assert (found[strange] == 0).all() and np.count_nonzero(found[~strange]) > 200


def test_no_pairs_have_no_estimates():
    assert pair_estimates(factors("svd", "text"), some_pairs("text").clear()).shape == (0,)
