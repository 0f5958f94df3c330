import sys
import warnings
from typing import Any

import numpy as np
import pytest

from tasks.core.errors import SettingsError
from tasks.models.baselines.als import Als
from tests.models import synthetic, training

OPTIONS: dict[str, Any] = {"factors": 4, "regularization": 2.0, "alpha": 3.0, "iterations": 30}


def fit(seed=1, **other):
    pytest.importorskip("implicit")
    return Als.fit(training(synthetic("text"), seed, **(OPTIONS | other)))


def test_the_vectors_solve_the_weighted_least_squares_of_its_source():
    """Hu, Koren & Volinsky 2008, equation 4: x_u = (Y' C_u Y + lambda I)^-1 Y' C_u p_u."""
    model = fit(iterations=200)
    rated = synthetic("text").select("user", "item").sort("user", "item")
    y = model.item_factors.astype(float)
    for place, user in enumerate(model.users[:10]):
        preference = np.isin(model.items, rated.filter(user=user)["item"].to_list()).astype(float)
        confidence = 1.0 + OPTIONS["alpha"] * preference
        left = (y.T * confidence) @ y + OPTIONS["regularization"] * np.eye(y.shape[1])
        expected = np.linalg.solve(left, y.T @ (confidence * preference))
        np.testing.assert_allclose(model.user_factors[place], expected, rtol=0, atol=2e-3)


def test_rated_items_score_higher_than_others_and_no_bias_is_added():
    model = fit()
    scores = model.estimates(model.users)
    np.testing.assert_allclose(scores, model.user_factors @ model.item_factors.T)
    users, items = (np.array(synthetic("text")[name].to_list()) for name in ("user", "item"))
    rated = np.zeros(scores.shape, bool)
    rated[np.searchsorted(model.users, users), np.searchsorted(model.items, items)] = True
    assert scores[rated].mean() > scores[~rated].mean() + 0.1
    assert (model.estimates(np.array(["a stranger"])) == 0).all()


def test_the_seed_decides_the_vectors():
    np.testing.assert_array_equal(fit(1).user_factors, fit(1).user_factors)
    assert not np.allclose(fit(1).user_factors, fit(2).user_factors)


@pytest.mark.parametrize("other", [{"factors": 5}, {"alpha": 9.0}, {"iterations": 1}])
def test_every_option_matters(other):
    found, usual = fit(**other).estimates(fit().users), fit().estimates(fit().users)
    assert not np.allclose(found, usual, atol=1e-3)


def test_fitting_warns_of_nothing(monkeypatch):
    pytest.importorskip("implicit")
    monkeypatch.setattr("implicit.utils._checked_blas_config", False)  # it warns only once
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit()


@pytest.mark.parametrize("package", ["implicit.cpu.als", "threadpoolctl"])
def test_without_the_package_it_says_how_to_install_it(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        SettingsError, match=r"needs the package implicit.*pip install palate\[als\]"
    ):
        Als.fit(training(synthetic("text"), 1, **OPTIONS))
