"""Implicit ALS: vectors that restore who rated what (Hu, Koren & Volinsky 2008)."""

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
import polars as pl
import scipy
from pydantic import Field

from tasks.models.base import Training
from tasks.models.factors import FactorModel
from tasks.models.interactions import histories, interactions_of


class Als(FactorModel):
    """Score = user_factors . item_factors: near 1 for what the user may well rate, near 0 else.

    A rated pair weighs 1 + alpha, any other 1.
    """

    name = "als"
    label = "ALS"
    package = "implicit"
    extra = "als"
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {
        "regularization": (1.0, 3.0, 10.0, 30.0, 100.0),
        "alpha": (1.0, 3.0, 10.0, 30.0),
    }
    shrinks_per_rating: ClassVar[bool] = False
    """Whether the regularization counts once per rating of the user (Zhou et al. 2008)."""

    class Options(FactorModel.Options):
        """Of ALS."""

        words: ClassVar[Mapping[str, str]] = {"factors": "{} factors", "iterations": "{} rounds"}
        factors: int = Field(64, ge=1, description="Length of the vectors of `als`.")
        regularization: float = Field(
            30.0, ge=0, description="How strongly `als` shrinks its vectors."
        )
        alpha: float = Field(
            3.0, gt=0, description="How much surer `als` is of a rated item than of any other."
        )
        iterations: int = Field(15, ge=1, description="Rounds of `als`.")

    @classmethod
    def fit(cls, training: Training) -> Self:
        """By the package implicit; SettingsError when it is not installed."""
        try:
            from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 - an extra
            from threadpoolctl import threadpool_limits  # noqa: PLC0415
        except ImportError as error:
            raise cls.missing_package() from error
        options = cls.Options.read(training.options)
        users, items, rated = interactions_of(training.ratings)
        with threadpool_limits(1, "blas"):  # its own threads are slowed much by BLAS's
            model = AlternatingLeastSquares(
                factors=options.factors,
                regularization=options.regularization,
                iterations=options.iterations,
                random_state=training.seed,
            )
            model.fit(scipy.sparse.csr_matrix(rated * (1 + options.alpha)), show_progress=False)
        return cls.of(
            training, users, items, user_factors=model.user_factors, item_factors=model.item_factors
        )

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """The user's half of a round: (Y'Y + alpha Y_u'Y_u + lambda I) x = (1 + alpha) Y_u' 1.

        Hu, Koren & Volinsky 2008, equation 4.
        """
        people, rated = histories(self.items, ratings, users)
        options = self.Options.read(self.options)
        items = self.item_factors.astype(np.float64)
        common, eye = items.T @ items, np.eye(items.shape[1])
        vectors = np.zeros((len(people), items.shape[1]))
        for row in range(len(people)):
            own = items[rated.indices[rated.indptr[row] : rated.indptr[row + 1]]]
            times = max(len(own), 1) if self.shrinks_per_rating else 1
            left = common + options.alpha * own.T @ own + options.regularization * times * eye
            vectors[row] = np.linalg.solve(left, (1 + options.alpha) * own.sum(axis=0))
        return self.with_users(people, np.zeros(len(people)), vectors)
