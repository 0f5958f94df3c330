"""Where options come from: the command line, PALATE_NAME, a TOML file, and the method's own file.

Options are flat, each under its own name, as a person gives them; `settings` composes them.
"""

import os
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, PrivateAttr
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as UnreadableSettingError

from tasks.core.errors import SettingsError
from tasks.core.progress import say
from tasks.llm.options import LlmOptions
from tasks.settings.common import CommonOptions
from tasks.settings.evaluation import EvaluationOptions, EvaluationSettings
from tasks.settings.method import Method, MethodName
from tasks.settings.night import NightOptions
from tasks.settings.settings import Settings

FOLDERS = (Path(__file__).parents[2] / "deployments", Path(__file__).parent / "methods")
"""Where the methods' files lie in a checkout, and where the wheel puts them."""

METHODS = ("best", "paper")

Composed = TypeVar("Composed", Settings, EvaluationSettings)


class GivenOptions(MethodName, BaseSettings):
    """Options as they are given: beside the command line and the environment by files.

    What is given beats PALATE_NAME, that beats the file --config, that beats the method's file,
    and that beats the defaults.
    """

    model_config = SettingsConfigDict(
        env_prefix="PALATE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    config: Path | None = Field(None, description="TOML file with any of these settings.")
    _given: set[str] = PrivateAttr(default_factory=set)

    def __init__(self, **given: Any) -> None:  # noqa: ANN401
        try:
            super().__init__(**given)
            named = EnvSettingsSource(type(self))() | _config_of(given.get("config"), type(self))
        except UnreadableSettingError as error:
            raise SettingsError(
                f"{error}.", 'PALATE_WEIGHTS takes JSON, such as {"popularity": 2}.'
            ) from error
        self._given = {*given, *named}

    @property
    def given(self) -> set[str]:
        """The options that were given, and not by a method's file."""
        return set(self._given)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the files behind the options and the environment."""
        given = getattr(init_settings, "init_kwargs", {})
        files = FileSource(settings_cls, given.get("config"), given.get("method"))
        return init_settings, env_settings, files

    def _composed(self, kind: type[Composed], **parts: type[BaseModel]) -> Composed:
        """The settings of these options; each part gets those that are its own."""
        values = dict(self)
        inner = {
            name: part(**{field: values[field] for field in part.model_fields})
            for name, part in parts.items()
        }
        own = {name: values[name] for name in kind.model_fields if name not in parts}
        return kind(**own, **inner)


class NightlyOptions(  # type: ignore[misc]  # pydantic joins their configurations
    CommonOptions, Method, NightOptions, LlmOptions, GivenOptions
):
    """Options of `palate nightly`, and of every command that takes the same."""

    def settings(self) -> Settings:
        """What they say, composed. Raises ValidationError where they contradict each other."""
        return self._composed(Settings, method=Method, night=NightOptions, llm=LlmOptions)


class EvaluateOptions(  # type: ignore[misc]
    CommonOptions, EvaluationOptions, Method, LlmOptions, GivenOptions
):
    """Options of `palate evaluate`."""

    def settings(self) -> EvaluationSettings:
        """What they say, composed. Raises ValidationError where they contradict each other."""
        return self._composed(EvaluationSettings, method=Method, llm=LlmOptions)


class CellOptions(EvaluateOptions):
    """Options of one cell of `palate experiment`: over plain defaults, unless it names a method."""

    method: str = ""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401
        start = method_of(given["method"]) if given.get("method") else {}
        super().__init__(**start | given)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the grid says, over the environment."""
        return init_settings, env_settings


class FileSource(PydanticBaseSettingsSource):
    """What the file --config says, over what the method's file says.

    Raises SettingsError where one cannot be read or holds something unknown.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], config: Path | None, method: str | None
    ) -> None:
        super().__init__(settings_cls)
        said = _config_of(config, settings_cls)
        name = method or os.environ.get("PALATE_METHOD") or said.get("method") or METHODS[0]
        self._values = method_of(str(name)) | said

    def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:
        """One setting's value, as pydantic-settings asks for it."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All settings in the files."""
        return self._values


def method_of(name: str) -> dict[str, Any]:
    """What a method's file says: of a method that ships, by its name, or of a TOML file.

    Without trees, and saying so, where lightgbm is not installed. Raises SettingsError.
    """
    if name in METHODS:
        return dict(_shipped(name))
    if not name.endswith(".toml"):
        raise SettingsError(
            f"--method {name}: there is no method of that name.",
            f"Give {', '.join(METHODS)}, or a TOML file.",
        )
    return _read(Path(name), set(Method.model_fields) | set(LlmOptions.model_fields))


@cache
def _shipped(name: str) -> dict[str, Any]:
    file = next(f for folder in FOLDERS if (f := folder / f"{name}.toml").is_file())
    values = _read(file, set(Method.model_fields))
    if values.get("learn_trees") and find_spec("lightgbm") is None:
        say("  without trees: the package lightgbm is not installed (pip install palate\\[trees])")
        values["learn_trees"] = False
    return values


def _config_of(config: Path | None, options: type[BaseSettings]) -> dict[str, Any]:
    """What the file --config, or PALATE_CONFIG, says."""
    file = config or os.environ.get("PALATE_CONFIG")
    return _read(Path(file), set(options.model_fields) - {"config"}) if file else {}


def _read(path: Path, allowed: set[str]) -> dict[str, Any]:
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
    for name, value in _shipped(METHODS[0]).items():
        options.model_fields[name].default = value
    options.model_rebuild(force=True)


for _options in (NightlyOptions, EvaluateOptions):
    _show_the_default_method(_options)
