"""The base models by name: those of `tasks.models.baselines`, and those of anybody's own modules.

`PALATE_MODELS` names importable modules, with commas between them, whose classes are models too.
"""

import os
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from types import MappingProxyType

from tasks.core.errors import SettingsError
from tasks.core.nearest import nearest
from tasks.models import baselines
from tasks.models.base import REGISTERED, Model, Training

OWN_MODULES = "PALATE_MODELS"


@cache
def models() -> Mapping[str, type[Model]]:
    """Every model class by name, those of this package first, whatever was imported first.

    The order decides that of all options, and so what a method is known by.
    """
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
    mine = [kind for kind in REGISTERED.values() if kind.__module__ in ours]
    first = sorted(mine, key=lambda kind: ours.index(kind.__module__))
    return MappingProxyType({kind.name: kind for kind in (*first, *REGISTERED.values())})


def model_names() -> tuple[str, ...]:
    """The names of all base models."""
    return tuple(models())


def model_class(name: str) -> type[Model]:
    """The class of this name; SettingsError, with the nearest name, where there is none."""
    known = models()
    if name in known:
        return known[name]
    near = nearest(name, known)
    raise SettingsError(
        f"there is no base model '{name}'" + (f"; the nearest is '{near[0]}'." if near else "."),
        f"Take one of {', '.join(known)}; {OWN_MODULES} adds modules with more.",
    )


def model_label(name: str) -> str:
    """The model as people write it; the name itself where no class has it (any more)."""
    known = models()
    return known[name].label if name in known else name


def model_reason(name: str) -> str:
    """What a high score of this model says of an item; "" where no class has the name."""
    known = models()
    return known[name].reason if name in known else ""


def fit(name: str, training: Training) -> Model:
    """The fitted model; `training.options` are those of `ModelOptions.of(name)`."""
    kind = model_class(name)
    options = {key: value for key, value in training.options.items() if key != kind.package}
    return kind.fit(replace(training, options=options))
