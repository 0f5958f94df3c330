from dataclasses import replace

import numpy as np
import polars as pl

from tasks.models.baselines.popularity import Popularity
from tasks.models.candidates import top_candidates
from tests.models import synthetic, training


def test_everybody_is_offered_what_was_rated_most_often():
    ratings = synthetic("whole numbers")
    model = Popularity.fit(training(ratings.sample(fraction=1.0, shuffle=True, seed=2)))
    counts = dict(ratings["item"].value_counts().iter_rows())
    scores = model.estimates(np.array([1, 10**9]))
    np.testing.assert_array_equal(scores, [[counts[item] for item in model.items.tolist()]] * 2)
    assert (model.estimates_of_unknown(np.array([1])) == 0).all()
    found = top_candidates(model, ratings, pl.Series("user", [1]), 10, 0)
    mine = set(ratings.filter(user=1)["item"])
    best = sorted((count for item, count in counts.items() if item not in mine), reverse=True)
    assert found["estimate"].to_list() == best[:10]


def test_the_counts_of_a_share_of_all_ratings_are_as_if_of_all():
    ratings = synthetic("whole numbers")
    whole, users = training(ratings), np.array([1])
    half = Popularity.fit(replace(whole, share=0.5)).estimates(users)
    np.testing.assert_array_equal(half, 2 * Popularity.fit(whole).estimates(users))
