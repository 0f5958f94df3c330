"""The settings of a replay: those of the nights, when they are, and what they are held against."""

import math

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasks.core.errors import SettingsError
from tasks.models.options import ModelOptions, choices
from tasks.models.registry import model_class
from tasks.settings.common import Days, seconds_of
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.method import Method
from tasks.settings.settings import Settings

TUNED = "tuned"
RIVALS = (
    *("popular-lately.days=tuned", "forward-ridge"),
    *("ease.days=365", "ease.liked_only=true,half_life=365"),
)
"""Beside the base lists, which are plain EASE's."""


class ReplayOptions(BaseModel):
    """Which nights are replayed, and what their lists are held against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_: str | None = Field(
        None,
        description="The first night: a day in UTC (2020-10-01), or seconds since 1970. The nights"
        " end with the newest rating unless set.",
    )
    every: Days | None = Field(
        None, ge=1, description="Days between nights (30 or 30d): as many as the horizon has."
    )
    nights: int = Field(6, ge=1, le=100, description="How many nights to replay.")
    rivals: tuple[str, ...] = Field(
        RIVALS,
        description="Models whose lists the nights' are held against, fitted each night anew:"
        " ease, or ease.days=365 with an option; `tuned` chooses it on windows before the night.",
    )

    ablate: tuple[str, ...] = Field(
        (),
        description="Features, or groups of them, without each of which the nights' lists are made"
        " once more, such as time: the difference is what it adds.",
    )

    @field_validator("from_")
    @classmethod
    def _is_a_moment(cls, given: str | None) -> str | None:
        if given is not None:
            seconds_of(given)
        return given

    @field_validator("rivals")
    @classmethod
    def _are_models(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for rival in given:
            method_of_rival(rival)
        return given

    @field_validator("ablate")
    @classmethod
    def _are_features(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        from tasks.features.table import learned_features  # noqa: PLC0415 - loads SciPy

        try:
            learned_features(["any"], given, similarity=False)
        except SettingsError as error:
            raise ValueError(error.what.removeprefix("without: ")) from error
        return given

    @property
    def first(self) -> int | None:
        """`from_` in seconds since 1970."""
        return None if self.from_ is None else seconds_of(self.from_)


class ReplayedSettings(EvaluationSettings):
    """How one method's lists of all nights are measured: each night is a split."""

    @property
    def protocol_name(self) -> str:
        """As tables name it."""
        return "replay"


class ReplaySettings(Settings):
    """Everything that `palate replay` reads: the nights are made as `nightly` makes them."""

    replay: ReplayOptions = ReplayOptions()

    def on(self, moment: int, every: int, horizon: int) -> Settings:
        """The settings of one night; a method serves as many days as it would have nights."""
        plain = {name: getattr(self, name) for name in Settings.model_fields}
        refit = math.ceil(self.night.refit / every)
        given = {
            "as_of": str(moment),
            "horizon": horizon,
            "night": self.night.model_copy(update={"refit": refit}),
        }
        return Settings(**plain | given)

    def measuring(self, method: Method, nights: int) -> ReplayedSettings:
        """How the lists of a method are measured on so many nights."""
        common = {
            name: getattr(self, name)
            for name in EvaluationSettings.model_fields.keys() & Settings.model_fields.keys()
        }
        common |= {"profiles": None, "method": method, "seed": 0}
        return ReplayedSettings(**common, protocol="horizon", seeds=nights)


def method_of_rival(rival: str) -> Method:
    """The method of a rival: its model alone, such as "ease", "ease.days=365", "ease.days=tuned".

    Raises ValueError for a model, an option or a value that there is not.
    """
    name, _, rest = rival.partition(".")
    try:
        options = dict(one.split("=", 1) for one in rest.split(",")) if rest else {}
        kind = model_class(name)
    except ValueError:
        raise ValueError(f"{rival!r} is not of the form MODEL.OPTION=VALUE") from None
    except SettingsError as error:
        raise ValueError(f"{error.what} {error.fix.rstrip('.')}") from error
    flat = {f"{kind.name.replace('-', '_')}_{option}": value for option, value in options.items()}
    tuned = tuple(option for option, value in flat.items() if value == TUNED)
    unknown = sorted(set(tuned) - set(choices())) + sorted(
        set(flat) - set(ModelOptions.model_fields)
    )
    if unknown:
        raise ValueError(f"{rival!r}: there is nothing to set or tune named {unknown[0]}")
    fixed = {option: value for option, value in flat.items() if value != TUNED}
    return Method(model=name, reranker="none", tune=tuned, model_options=ModelOptions(**fixed))
