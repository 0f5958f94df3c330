"""Implicit ALS: vectors that restore who rated what (Hu, Koren & Volinsky 2008)."""

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from tasks.core.errors import SettingsError
from tasks.models.base import UNSCALED
from tasks.models.factors import Factors
from tasks.models.interactions import interactions_of


def fit(
    ratings: pl.DataFrame,
    seed: int,
    *,
    factors: int,
    regularization: float,
    alpha: float,
    iterations: int,
) -> Factors:
    """Score = user_factors . item_factors: near 1 for what the user may well rate, near 0 else.

    A rated pair weighs 1 + alpha, any other 1. Uses the package implicit; SettingsError when it
    is not installed.
    """
    try:
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "The base model als needs the package implicit.",
            "Install it: pip install palate[als].",
        ) from error
    users, items, rated = interactions_of(ratings)
    with threadpool_limits(1, "blas"):  # its own threads are slowed much by BLAS's
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=regularization,
            iterations=iterations,
            random_state=seed,
        )
        model.fit(csr_matrix(rated * (1 + alpha)), show_progress=False)
    return Factors(
        users=users,
        items=items,
        mean=np.asarray(0.0),
        user_bias=np.zeros(len(users)),
        item_bias=np.zeros(len(items)),
        user_factors=model.user_factors,
        item_factors=model.item_factors,
        scale=np.array(UNSCALED),
    )
