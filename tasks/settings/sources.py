"""Where options come from: the command line, PALATE_NAME, a TOML file, and the method's own file.

Options are flat, each under its own name, as a person gives them; `settings` composes them.
"""

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, Field, PrivateAttr
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as UnreadableSettingError

from tasks.core.errors import SettingsError
from tasks.core.protocols import UNDRAWN
from tasks.llm.options import LlmOptions
from tasks.settings.common import CommonOptions
from tasks.settings.environment import check_names
from tasks.settings.evaluation import EvaluationOptions, EvaluationSettings
from tasks.settings.method import Method, MethodName
from tasks.settings.night import NightOptions
from tasks.settings.replay import ReplayOptions, ReplaySettings
from tasks.settings.settings import Settings

FOLDERS = (Path(__file__).parents[2] / "deployments", Path(__file__).parent / "methods")
"""Where the methods' files lie in a checkout, and where the wheel puts them."""

METHODS = ("best", "paper")

COUNTS = {
    "sources": {"search_count", "tuning", "depth"},
    "search_count": {"sources", "tuning", "depth"},
    "tuning": {"sources", "search_count"},
    "depth": {"sources", "search_count"},
}
"""Options that say how many candidates there are; each replaces these of whatever comes later."""

Values = dict[str, Any]
Composed = TypeVar("Composed", Settings, EvaluationSettings, ReplaySettings)


def beneath(lower: Mapping[str, Any], higher: Mapping[str, Any]) -> Values:
    """The lower options without those that the higher ones replace by saying something else.

    How many candidates there are is decided by the highest that says anything about it. An empty
    table of sources says that there are none: the base model proposes alone.
    """
    counts = [name for name in COUNTS if higher.get(name) is not None]
    gone = {other for name in counts for other in COUNTS[name]}
    if higher.get("sources") == {}:
        gone.add("sources")
    return {name: value for name, value in lower.items() if name not in gone}


def joined(lower: Values, higher: Values) -> Values:
    """Both, the higher before the lower; tables (weights, sources ...) are joined key by key."""
    values = beneath(lower, higher)
    for name, value in higher.items():
        inner = value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
        below = values.get(name)
        if isinstance(inner, Mapping) and isinstance(below, Mapping):
            inner = {**below, **inner}
        values[name] = inner
    return values


def _with_its_source(values: Values) -> Values:
    """The same; a base model that is none of several sources proposes beside them, as many."""
    sources, model = values.get("sources"), values.get("model")
    if not isinstance(sources, Mapping) or not sources or not model or model in sources:
        return values
    return {**values, "sources": {**sources, model: max(sources.values())}}


class GivenOptions(MethodName, BaseSettings):
    """Options as they are given: beside the command line and the environment by files.

    What is given beats PALATE_NAME, that beats the file --config, that beats the method's file,
    and that beats the defaults. A PALATE_ name that nothing reads is refused.
    """

    model_config = SettingsConfigDict(
        env_prefix="PALATE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )
    of_a_cell: ClassVar[bool] = False

    config: Path | None = Field(None, description="TOML file with any of these settings.")
    _given: Values = PrivateAttr(default_factory=dict)

    def __init__(self, **given: Any) -> None:  # noqa: ANN401
        check_names(os.environ, EVERY)
        try:
            named = EnvSettingsSource(type(self))()
        except UnreadableSettingError as error:
            raise SettingsError(
                f"{error}.", 'PALATE_WEIGHTS takes JSON, such as {"popularity": 2}.'
            ) from error
        values = joined(joined(self._of_file(given), named), given)
        name = str(values.get("method") or type(self).model_fields["method"].default)
        plain = {key: Method.model_fields[key].default for key in _shipped(METHODS[0])}
        start = method_of(name) if name else {}
        over = beneath(start, values) | values if self.of_a_cell else joined(start, values)
        super().__init__(**plain | _with_its_source(over) | {"method": name})
        self._given = values

    @classmethod
    def _of_file(cls, given: Values) -> Values:
        """What the file --config, or PALATE_CONFIG, says of these options."""
        file = given.get("config") or os.environ.get("PALATE_CONFIG")
        if not file or cls.of_a_cell:
            return {}
        every = {name for one in EVERY for name in one.model_fields}
        values = _read(Path(file), every - {"config"})
        return {name: value for name, value in values.items() if name in cls.model_fields}

    @property
    def given(self) -> Values:
        """The options that were given, and not by a method's file; of tables the keys given."""
        dumped, values = self.model_dump(), {}
        for name, raw in self._given.items():
            value = dumped[name]
            tables = isinstance(raw, Mapping) and isinstance(value, Mapping)
            values[name] = {key: value[key] for key in raw} if tables else value
        return values

    def notes(self) -> list[str]:
        """What a person may not expect of these options, a line each."""
        values, lines = dict(self), []
        start = method_of(self.method) if self.method else {}
        said = self._given.get("sources") or {}
        if set(start.get("sources", ())) - {values["model"]} and not values["sources"]:
            method = Method(**{name: values[name] for name in Method.model_fields})
            lines.append(
                f"candidates: {method.model} alone, {method.candidate_count(values['top'])};"
                " the method's other sources are left out"
            )
        elif values["sources"] and values["model"] not in {*start.get("sources", ()), *said}:
            lines.append(
                f"candidates: {values['sources'][values['model']]} of {values['model']} too,"
                " beside those of the method's sources"
            )
        if _lacks_trees(self.method) and not values["learn_trees"]:
            lines.append("without trees: lightgbm is not installed (pip install palate[trees])")
        return lines

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the order to `__init__`, which joins all that is said."""
        return (init_settings,)

    def _composed(self, kind: type[Composed], **parts: type[BaseModel]) -> Composed:
        """The settings of these options; each part gets those that are its own."""
        values = dict(self)
        inner = {
            name: part(**{field: values[field] for field in part.model_fields})
            for name, part in parts.items()
        }
        own = {name: values[name] for name in kind.model_fields if name in values.keys() - parts}
        return kind(**own, **inner, method_name=self.method)


class NightlyOptions(  # type: ignore[misc]  # pydantic joins their configurations
    LlmOptions, NightOptions, Method, GivenOptions, CommonOptions
):
    """Options of `palate nightly`, and of every command that takes the same."""

    def settings(self) -> Settings:
        """What they say, composed. Raises ValidationError where they contradict each other."""
        return self._composed(Settings, method=Method, night=NightOptions, llm=LlmOptions)


class EvaluateOptions(  # type: ignore[misc]
    LlmOptions, Method, GivenOptions, EvaluationOptions, CommonOptions
):
    """Options of `palate evaluate`."""

    def settings(self) -> EvaluationSettings:
        """What they say, composed. Raises ValidationError where they contradict each other."""
        return self._composed(EvaluationSettings, method=Method, llm=LlmOptions)

    def notes(self) -> list[str]:
        """As of every command, and how often the same is held out."""
        if self.protocol not in UNDRAWN:
            return super().notes()
        same = f"{self.protocol} holds out the same ratings for every seed"
        if "seeds" not in self._given:
            return [*super().notes(), f"one run: {same}"]
        if self.seeds == 1:
            return super().notes()
        return [*super().notes(), f"{self.seeds} runs: {same}; only what the method draws differs"]


class ReplayCommandOptions(  # type: ignore[misc]
    LlmOptions, NightOptions, ReplayOptions, Method, GivenOptions, CommonOptions
):
    """Options of `palate replay`."""

    def settings(self) -> ReplaySettings:
        """What they say, composed. Raises ValidationError where they contradict each other."""
        return self._composed(
            ReplaySettings, method=Method, night=NightOptions, llm=LlmOptions, replay=ReplayOptions
        )


class CellOptions(EvaluateOptions):
    """Options of one cell of `palate experiment`: over plain defaults, unless it names a method.

    The grid has joined what it, the command line and --config say; a table in it counts whole.
    """

    of_a_cell = True
    method: str = ""


def method_of(name: str) -> Values:
    """What a method's file says: of a method that ships, by its name, or of a TOML file.

    Without trees where lightgbm is not installed. Raises SettingsError.
    """
    if name in METHODS:
        return _shipped(name) | ({"learn_trees": False} if _lacks_trees(name) else {})
    if not name.endswith(".toml"):
        raise SettingsError(
            f"--method {name}: there is no method of that name.",
            f"Give {', '.join(METHODS)}, or a TOML file.",
        )
    return _read(Path(name), set(Method.model_fields) | set(LlmOptions.model_fields))


def _lacks_trees(name: str) -> bool:
    """Whether a method that ships would grow trees, and cannot."""
    return (
        name in METHODS
        and bool(_shipped(name).get("learn_trees"))
        and find_spec("lightgbm") is None
    )


@cache
def _shipped(name: str) -> Values:
    file = next(f for folder in FOLDERS if (f := folder / f"{name}.toml").is_file())
    return _read(file, set(Method.model_fields))


def _read(path: Path, allowed: set[str]) -> Values:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}).",
            "Check --config, --method, PALATE_CONFIG, PALATE_METHOD.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not valid TOML ({error}).", "Correct the file.") from error
    unknown = sorted(set(values) - allowed)
    if unknown:
        raise SettingsError(
            f"{path}: unknown setting '{unknown[0]}'.",
            "`palate nightly --help-all` lists them; in TOML they are written with underscores.",
        )
    return values


def _show_the_default_method(options: type[GivenOptions]) -> None:
    """Make --help show the values that will be used: those of the best method."""
    for name, value in method_of(METHODS[0]).items():
        options.model_fields[name].default = value
    options.model_rebuild(force=True)


EVERY: tuple[type[GivenOptions], ...] = (NightlyOptions, EvaluateOptions, ReplayCommandOptions)
"""What commands take: a file may say things for all of them."""

for _options in EVERY:
    _show_the_default_method(_options)
