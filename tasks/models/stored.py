"""Fitted models as files."""

from pathlib import Path

from tasks.artifacts import read_arrays, write_arrays
from tasks.models.base import BaseModel
from tasks.models.factors import Factors
from tasks.models.product import Product
from tasks.vocabulary import Artifact


def save(home: Path, model: BaseModel) -> Artifact:
    """Write a model as one artifact; its rows are the users."""
    return write_arrays(home, "model", len(model.users), model.arrays())


def load(home: Path, artifact: Artifact) -> BaseModel:
    """Read what `save` wrote; the names of its arrays tell the kind of model."""
    arrays = read_arrays(home, artifact)
    return Factors(**arrays) if "user_factors" in arrays else Product.of_arrays(arrays)
