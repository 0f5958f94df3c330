"""The options that commands take together, and what --help shows of them."""

from collections.abc import Callable, Collection, Iterator
from typing import Annotated

from cyclopts import Group, Parameter
from pydantic import BaseModel

from flows.cli.app import app, terminal
from tasks.models.options import ModelOptions
from tasks.ranking.options import Weights
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.groups import ESSENTIAL, GROUPS
from tasks.settings.replay import ReplaySettings
from tasks.settings.settings import Settings
from tasks.settings.sources import (
    EvaluateOptions,
    NightlyOptions,
    ReplayCommandOptions,
)

Command = Callable[..., None]

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
