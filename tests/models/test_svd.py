import numpy as np
import polars as pl
import pytest

from tasks.models.candidates import top_candidates
from tests.models import SCALE, SURPRISE, factors, fitted, ratings_of, synthetic, training

MODELS = pytest.mark.parametrize("model", ["svd", "svdpp"])
SOURCES = pytest.mark.parametrize("source", ["text", "whole numbers", "movielens"])


def sampled(source, count):
    ratings = ratings_of(source)
    random = np.random.default_rng(1)
    users = random.choice(ratings["user"].unique().sort().to_numpy(), count)
    items = random.choice(ratings["item"].unique().sort().to_numpy(), count)
    return list(zip(users.tolist(), items.tolist(), strict=True))


@MODELS
@SOURCES
def test_estimates_are_those_of_surprise(model, source):
    reduced, algorithm = factors(model, source), fitted(model, source)
    item_place = {item: place for place, item in enumerate(reduced.items.tolist())}
    pairs = sampled(source, 400)
    rows = reduced.estimates(np.array([user for user, _ in pairs]))
    ours = [rows[row, item_place[item]] for row, (_, item) in enumerate(pairs)]
    theirs = [algorithm.predict(user, item, clip=False).est for user, item in pairs]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@MODELS
@SOURCES
def test_estimates_of_candidates_are_the_clipped_predictions_of_surprise(model, source):
    ratings, algorithm = ratings_of(source), fitted(model, source)
    users = ratings["user"].unique().sort().head(40)
    found = top_candidates(factors(model, source), ratings, users, 100, 0)
    sample = found.sample(min(500, found.height), seed=2)
    theirs = [algorithm.predict(u, i).est for u, i in sample.select("user", "item").iter_rows()]
    np.testing.assert_allclose(sample["estimate"].to_list(), theirs, rtol=0, atol=1e-6)
    assert found["estimate"].is_between(*SCALE).all()


@MODELS
def test_the_same_seed_gives_identical_factors(model):
    again = SURPRISE[model].fit(training(synthetic("text")))
    for name, values in factors(model, "text").arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], values)


@MODELS
def test_another_seed_gives_other_factors(model):
    other = SURPRISE[model].fit(training(synthetic("text"), 4))
    assert not np.allclose(other.item_factors, factors(model, "text").item_factors)


def test_the_two_models_differ():
    assert not np.allclose(
        factors("svd", "text").user_factors[:, :20], factors("svdpp", "text").user_factors
    )


@SOURCES
def test_factors_hold_every_train_id_once_and_sorted(source):
    reduced, ratings = factors("svd", source), ratings_of(source)
    assert reduced.users.tolist() == ratings["user"].unique().sort().to_list()
    assert reduced.items.tolist() == ratings["item"].unique().sort().to_list()


def test_factors_keep_the_scale_and_the_mean():
    reduced = factors("svd", "text")
    assert tuple(reduced.scale) == SCALE
    assert float(reduced.mean) == pytest.approx(synthetic("text")["rating"].mean())


@MODELS
def test_other_columns_of_the_ratings_do_not_matter(model):
    dated = synthetic("text").with_columns(timestamp=pl.lit(5, pl.Int64))
    again = SURPRISE[model].fit(training(dated))
    np.testing.assert_array_equal(again.user_factors, factors(model, "text").user_factors)
