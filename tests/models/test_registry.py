from typing import get_args

import numpy as np
import pytest

from tasks.core.vocabulary import ModelName
from tasks.models import ease, registry
from tasks.models.base import estimates_ratings
from tasks.models.options import ModelOptions
from tests.models import SCALE, factors, synthetic


@pytest.mark.parametrize("name", registry.FITS)
def test_every_model_is_fitted_from_its_own_options_and_knows_the_train_ids(name):
    ratings = synthetic("text")
    model = registry.fit(name, ratings, SCALE, 3, ModelOptions().of(name))
    assert model.users.tolist() == ratings["user"].unique().sort().to_list()
    assert model.items.tolist() == ratings["item"].unique().sort().to_list()
    assert np.isfinite(model.estimates(model.users)).all()
    assert estimates_ratings(model) == name.startswith("svd")
    again = registry.fit(name, ratings, SCALE, 3, ModelOptions().of(name))
    np.testing.assert_array_equal(again.estimates(model.users), model.estimates(model.users))


@pytest.mark.parametrize("name", ["svd", "svdpp"])
def test_surprise_models_are_what_surprise_fits_with_the_seed(name):
    found = registry.fit(name, synthetic("text"), SCALE, 3, {})
    for field, values in factors(name, "text").arrays().items():
        np.testing.assert_array_equal(found.arrays()[field], values)


def test_every_model_is_fitted_from_a_table_of_ratings_but_two():
    assert {*registry.FITS, "spark-als", "text"} == set(get_args(ModelName))


def test_sharp_ease_is_ease_that_shrinks_less():
    ratings, given = synthetic("text"), ModelOptions()
    found = registry.fit("sharp-ease", ratings, SCALE, 0, given.of("sharp-ease"))
    expected = ease.fit(ratings, given.sharp_ease_regularization)
    np.testing.assert_array_equal(found.estimates(found.users), expected.estimates(found.users))
    assert given.sharp_ease_regularization < given.ease_regularization


def test_options_reach_the_model():
    found = registry.fit("ease", synthetic("text"), SCALE, 0, {"regularization": 3.0})
    expected = ease.fit(synthetic("text"), 3.0)
    np.testing.assert_array_equal(found.estimates(found.users), expected.estimates(found.users))
