"""What tokens cost, from one TOML file; money is counted in whole billionths of a dollar."""

import re
import tomllib
from decimal import ROUND_CEILING, Decimal
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.core.errors import SettingsError
from tasks.llm.requests import Usage

NANO = 1_000_000_000
MILLION = 1_000_000
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(BaseModel):
    """US dollars per million tokens; `cached` is for prompt tokens found in the server's cache."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Decimal = Field(ge=0)
    cached: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)

    def nano_dollars(self, usage: Usage, share: Decimal = Decimal(1)) -> int:
        """Cost in billionths of a dollar, rounded up; `share` is the discount for batches."""
        cached = min(usage.cached, usage.prompt)
        per_million = (
            (usage.prompt - cached) * self.input + cached * self.cached + usage.answer * self.output
        )
        exact = per_million * share * NANO / MILLION
        return int(exact.to_integral_value(ROUND_CEILING))


class Prices(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_discount: Decimal = Field(Decimal(1), ge=0, le=1)
    models: dict[str, Price]

    def of(self, model: str) -> Price | None:
        """The price of a model or of a dated version of it; None if it is not known."""
        return self.models.get(model) or self.models.get(_DATED.sub("", model))


def read_prices(file: Path | None) -> Prices:
    """The given file, or the one that ships. Raises SettingsError when it cannot be understood."""
    shipped = files(__package__).joinpath("prices.toml")
    try:
        text = (file or shipped).read_text(encoding="utf-8")
        return Prices.model_validate(tomllib.loads(text, parse_float=Decimal))
    except OSError as error:
        problem = str(error.strerror)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = str(error)
    except ValidationError as error:
        first = error.errors()[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise SettingsError(
        f"{file}: the prices cannot be read ({problem}).",
        'Write [models."NAME"] with input, cached and output, in US dollars per million tokens.',
    )
