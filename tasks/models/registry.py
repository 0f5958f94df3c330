"""The base models by name, and fitted ones as files.

Models are those of `tasks.models.baselines`, and those of anybody's own modules:
`PALATE_MODELS` names importable modules, with commas between them, whose classes are models too.
"""

import os
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import numpy as np

from tasks.core.artifacts import read_arrays, write_arrays
from tasks.core.errors import SettingsError, StoreError
from tasks.core.vocabulary import Artifact
from tasks.models import baselines
from tasks.models.base import REGISTERED, Model, Training

OWN_MODULES = "PALATE_MODELS"

REST_IN = "rest_in"
"""An array that names the file with all that is not the users' own."""


@cache
def models() -> Mapping[str, type[Model]]:
    """Every model class by name, those of this package first."""
    ours = [f"{baselines.__name__}.{one.name}" for one in pkgutil.iter_modules(baselines.__path__)]
    for module in ours:
        import_module(module)
    for module in filter(None, map(str.strip, os.environ.get(OWN_MODULES, "").split(","))):
        try:
            import_module(module)
        except ImportError as error:
            raise SettingsError(
                f"{OWN_MODULES} names the module {module}, which cannot be imported: {error}.",
                "Install its package, put its folder on PYTHONPATH, or unset the variable.",
            ) from error
    return MappingProxyType(REGISTERED)


def model_names() -> tuple[str, ...]:
    """The names of all base models."""
    return tuple(models())


def model_class(name: str) -> type[Model]:
    """The class of this name; SettingsError, with the nearest name, where there is none."""
    known = models()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    raise SettingsError(
        f"there is no base model '{name}'" + (f"; the nearest is '{near[0]}'." if near else "."),
        f"Take one of {', '.join(known)}; {OWN_MODULES} adds modules with more.",
    )


def model_label(name: str) -> str:
    """The model as people write it; the name itself where no class has it (any more)."""
    known = models()
    return known[name].label if name in known else name


def fit(name: str, training: Training) -> Model:
    """The fitted model; `training.options` are those of `ModelOptions.of(name)`."""
    kind = model_class(name)
    options = {key: value for key, value in training.options.items() if key != kind.package}
    return kind.fit(replace(training, options=options))


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
