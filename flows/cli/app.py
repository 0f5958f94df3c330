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
from tasks.ranking.options import LearnOptions
from tasks.settings.night import NightOptions
from tasks.settings.sources import EvaluateOptions, NightlyOptions

app = App(
    name="palate",
    help="Recommends as a close friend would: collaborative filtering proposes, language re-ranks.",
    help_epilogue="Options are also PALATE_NAME in the environment and keys of --config FILE.toml.",
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,  # `main` says what it means
)

for _options in (NightlyOptions, EvaluateOptions):  # in --help they stand together
    for _part, _group in (
        (LlmOptions, "Language model"),
        (NightOptions, "Night after night"),
        (LearnOptions, "Learned re-ranker"),
    ):
        for _name in _part.model_fields.keys() & _options.model_fields.keys():
            _options.model_fields[_name].metadata.append(Parameter(group=Group(_group)))
for _name in ModelOptions.model_fields:
    ModelOptions.model_fields[_name].metadata.append(Parameter(group=Group("Base models")))

Options = Annotated[NightlyOptions, Parameter(name="*")]
Verbose = Annotated[bool, Parameter(negative=(), help="Show a line for every stage.")]


def home_given(home: Path | None) -> Path:
    """The home of --home, else of the environment."""
    return home_of(home) if home else NightlyOptions().home


@contextmanager
def running(home: Path, *, verbose: bool = False) -> Iterator[Callable[[], None]]:
    """Everything a flow needs around it: a Prefect server, a screen, an end to all asking.

    Gives a function that waits for the server: import the flow first, meanwhile.
    """
    with prefect_for(home) as wait_for_server:
        from tasks.core.progress import log_for, screen  # noqa: PLC0415
        from tasks.llm.open_sessions import asking  # noqa: PLC0415 - after the server is on its way

        with asking(), screen(log_for(home), verbose=verbose):
            yield wait_for_server


def given_options(options: EvaluateOptions) -> dict[str, object]:
    """What was given on the command line, in the environment or in --config."""
    return options.model_dump(include=options.given, exclude={"config"})
