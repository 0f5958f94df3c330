"""The `palate` command itself, and what all its commands share."""

from pathlib import Path
from platform import python_version

from cyclopts import App
from rich.console import Console

from tasks.core.homes import home_of
from tasks.core.optional import version_of

ABOUT = "Recommends as a close friend would: collaborative filtering proposes, language re-ranks."
OPTIONS = "Options are also PALATE_NAME in the environment and keys of --config FILE.toml."


def new_app() -> App:
    """The command without commands."""
    return App(
        name="palate",
        help=ABOUT,
        help_epilogue=OPTIONS,
        version=_version,
        version_flags=["--version"],
        suppress_keyboard_interrupt=False,  # `main` says what it means
    )


def _version() -> str:
    return f"palate {version_of('palate') or '(a checkout)'}, Python {python_version()}"


app = new_app()
console = Console()
terminal = Console(stderr=True, highlight=False)


def home_given(home: Path | None) -> Path:
    """The home of --home, else of the environment."""
    if home:
        return home_of(home)
    from tasks.settings.sources import NightlyOptions  # noqa: PLC0415 - loads Polars

    return NightlyOptions().home
