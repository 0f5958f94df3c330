"""Fitted models as files."""

from pathlib import Path

import numpy as np

from tasks.core.artifacts import read_arrays, write_arrays
from tasks.core.errors import StoreError
from tasks.core.vocabulary import Artifact
from tasks.models.base import Model
from tasks.models.registry import model_class

REST_IN = "rest_in"
"""An array that names the file with all that is not the users' own."""


def save(home: Path, model: Model) -> Artifact:
    """Write a model as one artifact; its rows are the users."""
    return write_arrays(home, "model", len(model.users), model.arrays())


def save_users(home: Path, model: Model, kept: Artifact) -> Artifact:
    """Write only what is not as in the model `kept`, whose file must stay."""
    same = load(home, kept).arrays()
    own = {
        name: array
        for name, array in model.arrays().items()
        if name not in same or not np.array_equal(array, same[name])
    }
    rest = {REST_IN: np.array([kept.path])}
    return write_arrays(home, "model", len(model.users), own | rest)


def load(home: Path, artifact: Artifact) -> Model:
    """Read what `save` or `save_users` wrote; StoreError for a file that names no model."""
    arrays = read_arrays(home, artifact)
    if REST_IN in arrays:
        kept = artifact.model_copy(update={"path": str(arrays.pop(REST_IN)[0])})
        arrays = read_arrays(home, kept) | arrays
    if "model" not in arrays:
        raise StoreError(
            f"{artifact.path} does not say which base model it holds: it is damaged, or too old.",
            "Remove the file; the next run fits the model again.",
        )
    return model_class(str(arrays["model"])).from_arrays(arrays)
