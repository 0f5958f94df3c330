"""The `palate` command itself, and what all its commands share."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from platform import python_version
from typing import Annotated

from cyclopts import App, Group, Parameter
from pydantic import BaseModel
from rich.console import Console

from flows.service.server import prefect_for
from tasks.core.homes import home_of
from tasks.core.optional import version_of
from tasks.models.options import ModelOptions
from tasks.ranking.options import Weights
from tasks.settings.common import CommonOptions
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.groups import ESSENTIAL, GROUPS
from tasks.settings.replay import ReplaySettings
from tasks.settings.settings import Settings
from tasks.settings.sources import (
    EvaluateOptions,
    NightlyOptions,
    ReplayCommandOptions,
)

app = App(
    name="palate",
    help="Recommends as a close friend would: collaborative filtering proposes, language re-ranks.",
    help_epilogue="Options are also PALATE_NAME in the environment and keys of --config FILE.toml.",
    version=lambda: f"palate {version_of('palate') or '(a checkout)'}, Python {python_version()}",
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,  # `main` says what it means
)
console = Console()
terminal = Console(stderr=True, highlight=False)

Command = Callable[..., None]

LONG_SECONDS = 2.0
"""A part of an answer that takes longer has a line on the screen."""

_TAKEN: tuple[type[BaseModel], ...] = (
    *(NightlyOptions, EvaluateOptions, ReplayCommandOptions),
    *(Weights, ModelOptions),
)
_CONSTRAINTS = {
    model: {name: list(field.metadata) for name, field in model.model_fields.items()}
    for model in _TAKEN
}


def show_options(groups: Collection[str] = ()) -> None:
    """Let --help show the options of these groups, each group by itself; without any the few."""
    for place, (kind, (title, models)) in enumerate(GROUPS.items()):
        panel = Parameter(group=Group(title, sort_key=place)) if groups else Parameter()
        for model, name in ((of, name) for one in models for of, name in _fields_like(one)):
            visible = Parameter(show=kind in groups if groups else name in ESSENTIAL)
            model.model_fields[name].metadata = [*_CONSTRAINTS[model][name], panel, visible]


def _fields_like(part: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    """Where the options of a part are fields of what commands take."""
    for model, fields in _CONSTRAINTS.items():
        for name in part.model_fields.keys() & fields.keys():
            yield model, name


show_options()


def with_options(command: Command, without: Collection[str] = ("evaluation", "replay")) -> Command:
    """Enter a command that takes the options of all groups but some."""
    groups = ", ".join(f"--help-{name}" for name in GROUPS if name not in without)
    epilogue = (
        f"All options: palate {command.__name__} --help-all, or of one kind: {groups}."
        " Each is also PALATE_NAME in the environment and a key of --config FILE.toml."
    )
    app.command(command, help_epilogue=epilogue)
    return command


Options = Annotated[NightlyOptions, Parameter(name="*")]
Verbose = Annotated[bool, Parameter(negative=(), help="Show a line for every stage.")]
Measuring = Annotated[EvaluateOptions, Parameter(name="*")]
Replaying = Annotated[ReplayCommandOptions, Parameter(name="*")]


def settings_of(options: NightlyOptions | None) -> Settings:
    """What the options say, or the environment; what may surprise is said on the terminal."""
    chosen = options or NightlyOptions()
    _show_notes(chosen.notes())
    return chosen.settings()


def settings_of_evaluation(options: EvaluateOptions | None) -> EvaluationSettings:
    """The same of an evaluation."""
    chosen = options or EvaluateOptions()
    _show_notes(chosen.notes())
    return chosen.settings()


def settings_of_replay(options: ReplayCommandOptions | None) -> ReplaySettings:
    """The same of a replay."""
    chosen = options or ReplayCommandOptions()
    _show_notes(chosen.notes())
    return chosen.settings()


def _show_notes(notes: list[str]) -> None:
    for note in notes:
        terminal.print(f"  {note}", markup=False, soft_wrap=True)


def home_given(home: Path | None) -> Path:
    """The home of --home, else of the environment."""
    return home_of(home) if home else NightlyOptions().home


def check_data(reads: CommonOptions, *, rules: bool, verbose: bool = False) -> None:
    """Raise the error of a data set or file of tastes that cannot be used, whichever row it is in.

    What was read is kept where the flow finds it. `rules`: those beside the data set are read too.
    Of a database only the columns are looked at, so that the flow alone asks it.
    """
    from tasks.data.catalogue import check_named, queries_of  # noqa: PLC0415 - fast `--help`

    check_named(reads.data, reads.home, reads.column_names, reads.profiles)
    if queries_of(reads.data, reads.column_names) or _keeps_results_elsewhere(reads.home):
        return
    from flows.dataset import check_rows  # noqa: PLC0415
    from tasks.core.lock import in_use  # noqa: PLC0415
    from tasks.core.progress import screen  # noqa: PLC0415
    from tasks.core.storage import storage_of  # noqa: PLC0415

    storage_of(reads.home).check()
    with in_use(reads.home), screen(verbose=verbose):
        check_rows(reads, rules=rules)


def _keeps_results_elsewhere(home: Path) -> bool:
    """Whether a flow would not find what was read before it, and read it again."""
    results = os.environ.get("PREFECT_LOCAL_STORAGE_PATH")
    return results is not None and Path(results).resolve() != (home / "results").resolve()


@contextmanager
def running(home: Path, *, verbose: bool = False) -> Iterator[Callable[[], None]]:
    """Everything a flow needs around it: a Prefect server, a screen, an end to all asking.

    Gives a function that waits for the server: import the flow first, meanwhile. `check_data` goes
    before it: where the data cannot be used nothing is started.
    """
    with prefect_for(home) as wait_for_server:
        from tasks.core.progress import log_for, screen  # noqa: PLC0415
        from tasks.llm.open_sessions import asking  # noqa: PLC0415 - after the server is on its way

        with asking(), screen(log_for(home), verbose=verbose):
            yield wait_for_server


@contextmanager
def answering(home: Path, *, verbose: bool = False) -> Iterator[None]:
    """What an answer to one person needs around it, of which only what takes long is shown."""
    from tasks.core.lock import in_use  # noqa: PLC0415 - keeps `--help` fast
    from tasks.core.progress import log_for, screen  # noqa: PLC0415
    from tasks.core.storage import storage_of  # noqa: PLC0415
    from tasks.llm.open_sessions import asking  # noqa: PLC0415

    storage_of(home).check()
    with in_use(home), asking(), screen(log_for(home), verbose=verbose, least=LONG_SECONDS):
        yield
