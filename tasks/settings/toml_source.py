"""Settings from a TOML file, as one of the sources of pydantic-settings."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tasks.core.errors import SettingsError


class TomlSource(PydanticBaseSettingsSource):
    """The settings in one TOML file; raises SettingsError when it cannot be read."""

    def __init__(self, settings_cls: type[BaseSettings], path: Path) -> None:
        super().__init__(settings_cls)
        self._values = _read_toml(path)
        unknown = sorted(set(self._values) - (set(settings_cls.model_fields) - {"config"}))
        if unknown:
            raise SettingsError(
                f"{path}: unknown setting '{unknown[0]}'.",
                "`palate nightly --help` lists them; in TOML they are written with underscores.",
            )

    def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:
        """One setting's value, as pydantic-settings asks for it."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All settings in the file."""
        return self._values


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}).", "Check --config / PALATE_CONFIG."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not valid TOML ({error}).", "Correct the file.") from error
