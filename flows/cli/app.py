"""The `palate` command itself, and what all its commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

from flows.service.server import prefect_for
from tasks.core.homes import home_of
from tasks.llm.options import LlmOptions
from tasks.models.options import ModelOptions
from tasks.ranking.learn_options import LearnOptions
from tasks.settings.night import NightOptions
from tasks.settings.run import Settings

app = App(
    name="palate",
    help="Recommends as a close friend would: collaborative filtering proposes, language re-ranks.",
    help_epilogue="Options are also PALATE_NAME in the environment and keys of --config FILE.toml.",
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,  # `main` says what it means
)

for _name in LlmOptions.model_fields:  # in --help they stand together, after all others
    Settings.model_fields[_name].metadata.append(Parameter(group=Group("Language model")))
for _name in NightOptions.model_fields:
    Settings.model_fields[_name].metadata.append(Parameter(group=Group("Night after night")))
for _name in LearnOptions.model_fields:
    Settings.model_fields[_name].metadata.append(Parameter(group=Group("Learned re-ranker")))
for _name in ModelOptions.model_fields:
    ModelOptions.model_fields[_name].metadata.append(Parameter(group=Group("Base models")))

Options = Annotated[Settings, Parameter(name="*")]


def home_given(home: Path | None) -> Path:
    """The home of --home, else of the environment."""
    return home_of(home) if home else Settings().home


@contextmanager
def running(home: Path) -> Iterator[Callable[[], None]]:
    """Everything a flow needs around it: a Prefect server, progress, an end to all asking.

    Gives a function that waits for the server: import the flow first, meanwhile.
    """
    with prefect_for(home) as wait_for_server:
        from tasks.core.progress import showing  # noqa: PLC0415
        from tasks.llm.open_sessions import asking  # noqa: PLC0415 - after the server is on its way

        with asking(), showing():
            yield wait_for_server
