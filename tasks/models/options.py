"""What can be set of a base model."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from tasks.core.optional import version_of
from tasks.core.vocabulary import ModelName

OptionValue = float | int | str


class Choices(NamedTuple):
    """What `tune` tries for one option of a model."""

    model: ModelName
    values: tuple[float, ...]


CHOICES = {
    "ease_regularization": Choices("ease", (50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)),
    "als_regularization": Choices("als", (1.0, 3.0, 10.0, 30.0, 100.0)),
    "als_alpha": Choices("als", (1.0, 3.0, 10.0, 30.0)),
}
"""By option, those that `tune` knows; grids of steps by about 2 or 3, the default among them."""


COMPILED: dict[ModelName, str] = {
    "als": "implicit",
    "spark-als": "pyspark",
    "svdpp-fast": "numba",
}
"""Models of optional packages."""


class ModelOptions(BaseModel):
    """Options of all base models; `of` gives those of one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ease_regularization: float = Field(
        500.0, gt=0, description="How strongly `ease` shrinks its weights."
    )
    sharp_ease_regularization: float = Field(
        100.0, gt=0, description="The same of `sharp-ease`, which follows a person more closely."
    )
    als_factors: int = Field(64, ge=1, description="Length of the vectors of `als`.")
    als_regularization: float = Field(
        30.0, ge=0, description="How strongly `als` shrinks its vectors."
    )
    als_alpha: float = Field(
        3.0, gt=0, description="How much surer `als` is of a rated item than of any other."
    )
    als_iterations: int = Field(15, ge=1, description="Rounds of `als`.")
    spark_als_factors: int = Field(64, ge=1, description="Length of the vectors of `spark-als`.")
    spark_als_regularization: float = Field(
        0.3, ge=0, description="The same of `spark-als`, for each rating that a vector is made of."
    )
    spark_als_alpha: float = Field(
        3.0, gt=0, description="How much surer `spark-als` is of a rated item than of any other."
    )
    spark_als_iterations: int = Field(15, ge=1, description="Rounds of `spark-als`.")
    knn_neighbours: int = Field(40, ge=1, description="Similar items that `knn` keeps per item.")

    def of(self, name: ModelName) -> dict[str, OptionValue]:
        """The options of one model, without its prefix: everything that changes its fit.

        A model that an optional package computes adds its version, "" where it is not installed.
        """
        prefix = f"{name.replace('-', '_')}_"
        given = {k.removeprefix(prefix): v for k, v in self if k.startswith(prefix)}
        package = COMPILED.get(name)
        return given | {package: version_of(package)} if package else given
