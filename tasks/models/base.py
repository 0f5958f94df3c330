"""What every base model can do, however it was fitted."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Searched = NDArray[np.float32]
Ids = NDArray[np.generic]

UNSCALED = (-np.inf, np.inf)
"""The scale of a model whose estimates only order items."""


class BaseModel(Protocol):
    """An estimate for every user and item; the higher, the sooner the item is a candidate."""

    @property
    def users(self) -> Ids:
        """Sorted ids seen in train (U,)."""

    @property
    def items(self) -> Ids:
        """Sorted ids seen in train (I,)."""

    @property
    def scale(self) -> Floats:
        """Lowest and highest rating (2,); UNSCALED where no ratings are estimated."""

    def estimates(self, users: Ids) -> Floats:
        """Unclipped estimates (len(users), I); a neutral row for somebody not seen in train."""

    def search(self, users: Ids) -> Searched:
        """The same in float32: to find the highest with, not to tell or to order by."""

    def estimates_of_unknown(self, users: Ids) -> Floats:
        """Unclipped estimates (len(users),) of an item that was not seen in train."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything the model is made of, by name, as `stored.save` writes it."""


def estimates_ratings(model: BaseModel) -> bool:
    """Whether the estimates are ratings, so that errors such as RMSE mean something."""
    return bool(np.isfinite(model.scale).all())
