"""What can be set of the base models: the options of all classes under one roof."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Self

from pydantic import ConfigDict, create_model

from tasks.core.optional import version_of
from tasks.models.base import Model, OptionValue
from tasks.models.registry import model_class, models


@cache
def choices() -> dict[str, tuple[str, tuple[float, ...]]]:
    """By option that `tune` knows ("ease_regularization"): its model, and the values to try."""
    return {
        _flat(model, option): (model.name, values)
        for model in models().values()
        for option, values in model.choices.items()
    }


def _flat(model: type[Model], option: str) -> str:
    return f"{model.name.replace('-', '_')}_{option}"


def _fields() -> Iterator[tuple[str, Any]]:
    for model in models().values():
        for option, info in model.Options.model_fields.items():
            yield _flat(model, option), (info.annotation, info)


_AllOptions: Any = create_model(
    "_AllOptions", __config__=ConfigDict(frozen=True, extra="forbid"), **dict(_fields())
)


class ModelOptions(_AllOptions):
    """Options of all base models, each behind its model's name; `of` gives those of one."""

    def having(self, name: str, value: OptionValue) -> Self:
        """The same with one option at this value, of the option's own kind: 30.0 days are 30."""
        return self.model_copy(update={name: getattr(type(self)(**{name: value}), name)})

    def of(self, name: str) -> dict[str, OptionValue]:
        """The options of one model, without its name: everything that changes its fit.

        A model that an optional package computes adds its version, "" where it is not installed.
        """
        model = model_class(name)
        given = {
            option: getattr(self, _flat(model, option)) for option in model.Options.model_fields
        }
        return given | ({model.package: version_of(model.package)} if model.package else {})

    def in_words(self, name: str) -> str | None:
        """What is set of one model otherwise than usual: "liked ratings only, half life 365 days".

        None where nothing is.
        """
        usual, said = type(self)().of(name), model_class(name).Options.in_words
        set_here = [said(one, v) for one, v in self.of(name).items() if v != usual[one]]
        return ", ".join(set_here) or None
