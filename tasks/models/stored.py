"""Fitted models as files."""

from pathlib import Path

import numpy as np

from tasks.core.artifacts import read_arrays, write_arrays
from tasks.core.vocabulary import Artifact
from tasks.models.base import BaseModel
from tasks.models.factors import Factors
from tasks.models.product import Product

REST_IN = "rest_in"
"""An array that names the file with all that is not the users' own."""


def save(home: Path, model: BaseModel) -> Artifact:
    """Write a model as one artifact; its rows are the users."""
    return write_arrays(home, "model", len(model.users), model.arrays())


def save_users(home: Path, model: BaseModel, kept: Artifact) -> Artifact:
    """Write only what is not as in the model `kept`, whose file must stay."""
    same = load(home, kept).arrays()
    own = {
        name: array
        for name, array in model.arrays().items()
        if name not in same or not np.array_equal(array, same[name])
    }
    rest = {REST_IN: np.array([kept.path])}
    return write_arrays(home, "model", len(model.users), own | rest)


def load(home: Path, artifact: Artifact) -> BaseModel:
    """Read what `save` or `save_users` wrote; the names of the arrays tell the kind of model."""
    arrays = read_arrays(home, artifact)
    if REST_IN in arrays:
        kept = artifact.model_copy(update={"path": str(arrays.pop(REST_IN)[0])})
        arrays = read_arrays(home, kept) | arrays
    return Factors(**arrays) if "user_factors" in arrays else Product.of_arrays(arrays)
