"""Fitted models as files, and those that were read last in memory."""

from collections import OrderedDict
from pathlib import Path
from threading import Lock

import numpy as np

from tasks.core.artifacts import read_arrays, write_arrays
from tasks.core.errors import StoreError
from tasks.core.vocabulary import Artifact
from tasks.models.base import Model
from tasks.models.registry import model_class

REST_IN = "rest_in"
"""An array that names the file with all that is not the users' own."""

MOST_BYTES, MOST_LARGE = 1_000_000_000, 3
"""Of models that stay in memory, or as many as the largest so many times: every chunk of users
reads the same few, two of them up to 1.6 GB."""


class _Read:
    """The models that were read last, as many as fit; one reader at a time."""

    def __init__(self) -> None:
        self._lock, self._models = Lock(), OrderedDict[Path, Model]()

    def of(self, home: Path, artifact: Artifact) -> Model:
        """The model of a file, which is named by its content."""
        with self._lock:
            path = artifact.at(home)
            model = self._models.pop(path, None) or read(home, artifact)
            self._models[path] = model
            while self._are_too_large():
                self._models.popitem(last=False)
            return model

    def _are_too_large(self) -> bool:
        sizes = [_size(model) for model in self._models.values()]
        return len(sizes) > 1 and sum(sizes) > max(MOST_BYTES, MOST_LARGE * max(sizes))


def _size(model: Model) -> int:
    return sum(array.nbytes for array in model.arrays().values())


_READ = _Read()


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
    """The same as `read`, or the very model that was read before; nobody may change its arrays."""
    return _READ.of(home, artifact)


def read(home: Path, artifact: Artifact) -> Model:
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
    for array in arrays.values():
        array.flags.writeable = False
    return model_class(str(arrays["model"])).from_arrays(arrays)
