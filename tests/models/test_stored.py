import numpy as np
import pytest

from tasks.core.artifacts import is_intact
from tasks.models import ease, knn, popularity
from tasks.models.interactions import interactions_of
from tasks.models.stored import load, save
from tests.models import SCALE, factors, ratings_of

FITS = {
    "svd": lambda source: factors("svd", source),
    "popularity": lambda source: popularity.fit(ratings_of(source)),
    "dense weights between items": lambda source: ease.by_items(
        interactions_of(ratings_of(source)), 9.0
    ),
    "weights between items, sparse": lambda source: knn.fit(ratings_of(source), SCALE, 5),
    "weights between users": lambda source: ease.by_users(interactions_of(ratings_of(source)), 9.0),
}


@pytest.mark.parametrize("source", ["text", "whole numbers"])
@pytest.mark.parametrize("kind", FITS)
def test_what_is_saved_is_loaded(tmp_path, kind, source):
    kept = FITS[kind](source)
    artifact = save(tmp_path, kept)
    back = load(tmp_path, artifact)
    assert type(back) is type(kept)
    assert artifact.rows == len(kept.users) == 60
    assert is_intact(tmp_path, artifact)
    assert set(back.arrays()) == set(kept.arrays())
    for name, values in kept.arrays().items():
        np.testing.assert_array_equal(back.arrays()[name], values)
        assert back.arrays()[name].dtype == values.dtype
    users = kept.users[[3, 0]]
    np.testing.assert_array_equal(back.estimates(users), kept.estimates(users))
    np.testing.assert_array_equal(back.scale, kept.scale)


def test_the_same_model_is_the_same_file(tmp_path):
    assert save(tmp_path, FITS["svd"]("text")) == save(tmp_path, FITS["svd"]("text"))
