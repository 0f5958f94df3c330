"""The file that says which judgements of others are to be measured, and what is known of them.

title = "Real language models on MovieLens-100K"
notes = ["What they were shown, and what may leak."]

[settings]                             # as in a grid: data, protocol, method, held_out ...
data = "ml-100k"

[orders]                               # the first items of a list of others, ordered anew
base = "base.parquet"                  # user, item, rank; files lie in the data set's folder
first = 30
judges = { "o4-mini" = "o4-mini.parquet" }

[ratings]                              # ratings foretold of held-out pairs, a column per judge
file = "rated_pairs.parquet"
judges = ["gpt-4o-mini"]
beside = ["svdpp"]                     # columns of no language model

[profiles]                             # tastes in a model's words (user, text), embedded
file = "profiles.csv"
judge = "profiles"
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.core.errors import SettingsError
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import flat_options
from tasks.settings.sources import CellOptions, beneath


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Orders(_Part):
    """Lists that models ordered anew: by judge the file of its order (user, item, rank)."""

    base: Path
    first: int = Field(30, ge=2)
    judges: dict[str, Path]


class Ratings(_Part):
    """A file of held-out pairs with a column per judge, in the unit of ratings."""

    file: Path
    judges: tuple[str, ...]
    beside: tuple[str, ...] = ()


class Profiles(_Part):
    """A file of tastes in words (user, text); `first`: how much of our own lists is ordered."""

    file: Path
    judge: str = "profiles"
    first: int = Field(30, ge=2)


class Judgements(_Part):
    """What is to be measured; `notes` are shown beside the figures."""

    title: str
    notes: tuple[str, ...] = ()
    settings: dict[str, Any]
    orders: Orders | None = None
    ratings: Ratings | None = None
    profiles: Profiles | None = None

    def described(self, settings: EvaluationSettings, command: str) -> str:
        """What was measured, and how to do it again, as JSON."""
        own = self.model_dump(mode="json", exclude={"settings"})
        return json.dumps({**flat_options(settings), **own, "command": command})


def read_judgements(file: Path, given: Mapping[str, Any]) -> tuple[Judgements, EvaluationSettings]:
    """What the file says, and its settings with those `given` beside it in place of its own.

    Raises SettingsError where it cannot be read, or something in it is wrong.
    """
    try:
        read = Judgements.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        chosen = beneath(read.settings, given) | dict(given)
        settings = CellOptions(**chosen).settings()
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror}).", "Check it.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: is not valid TOML ({error}).", "Correct it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{file}: {name or 'settings'}: {reason}.", "Correct it.") from error
    if not (read.orders or read.ratings or read.profiles):
        what = f"{file}: there is nothing to measure."
        raise SettingsError(what, "Add [orders], [ratings] or [profiles].")
    if settings.method.reranker != "learned":
        raise SettingsError(
            f"{file}: reranker: judgements are put on top of a learned order.",
            'Set reranker = "learned" in [settings], or method = "best".',
        )
    return read, settings
