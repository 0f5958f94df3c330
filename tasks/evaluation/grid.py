"""A grid of cells, read from one TOML file.

name = "ablation"                      # under which `palate results` finds it
title = "What each signal adds"
metric = "NDCG"                        # by which methods are ordered and compared
beside = ["diversity"]                 # metrics shown beside it, if any

[settings]                             # of every cell, over the plain defaults
data = "ml-latest-small"

[[cells]]                              # a block of cells; a list stands for one cell per value
label = "without language"             # of each; what varies beside data, protocol, model is added
protocol = ["loo", "split"]
weights = { similarity = 0 }

[[comparisons]]                        # each cell labelled `of` minus its like in `against`
of = "all signals"
against = "without language"
says = "what language adds"

[[published]]                          # figures that others published, shown beside ours
"""

import itertools
import os
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import Record
from tasks.evaluation.cell import Cell, Declared, Published
from tasks.evaluation.labels import distinct
from tasks.settings.settings import settings_json
from tasks.settings.sources import CellOptions, beneath

NO_MODEL = "(none)"


class Grid(Record):
    """Everything an experiment is to do; `home` holds all its state."""

    name: str
    title: str
    metric: str
    beside: list[str]
    command: str
    home: Path
    cells: list[Cell]
    comparisons: list[Declared]
    published: list[Published]

    def described(self) -> str:
        """What it is and how to run it again, as JSON; each cell records its own settings."""
        return self.model_dump_json(include={"name", "title", "metric", "beside", "command"})


class _File(BaseModel):
    """What may stand in the file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str = ""
    metric: str = "NDCG"
    beside: list[str] = []
    settings: dict[str, Any] = {}
    cells: list[dict[str, Any]]
    comparisons: list[Declared] = []
    published: list[Published] = []


def read_grid(file: Path, given: Mapping[str, Any]) -> Grid:
    """The grid in a file, with the settings `given` beside it put in place of its own.

    Raises SettingsError when the file cannot be read, a setting is unknown or wrong, a comparison
    names a label that no cell has, or nothing says of which data set a published figure is.
    """
    try:
        read = _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror}).", "Check it.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: is not valid TOML ({error}).", "Correct it.") from error
    except ValidationError as error:
        raise _wrong(file, "the grid", error) from error
    cells = _cells(file, read, given)
    _check_labels(file, cells, read.comparisons)
    return Grid(
        name=read.name,
        title=read.title or read.name,
        metric=read.metric,
        beside=read.beside,
        command=command_of("experiment", file, given),
        home=cells[0].settings.home,
        cells=cells,
        comparisons=read.comparisons,
        published=_published(file, read),
    )


def _cells(file: Path, read: _File, given: Mapping[str, Any]) -> list[Cell]:
    """The cells of all blocks, each once."""
    cells: dict[tuple[str, str], Cell] = {}
    for number, block in enumerate(read.cells, start=1):
        label = block.pop("label", None)
        if not isinstance(label, str) or not label:
            raise SettingsError(f"{file}, [[cells]] {number}: has no label.", "Name its method.")
        for chosen in _crossed(beneath(read.settings, block) | block):
            cell = _cell(file, label, beneath(chosen, given) | dict(given))
            cells.setdefault((label, settings_json(cell.settings)), cell)
    if not cells:
        raise SettingsError(f"{file}: there are no cells.", "Add a [[cells]] block.")
    return distinct(list(cells.values()))


def _published(file: Path, read: _File) -> list[Published]:
    """The published figures with their data set: that of [settings], unless they name another."""
    own = read.settings.get("data")
    for number, figure in enumerate(read.published, start=1):
        if figure.data is None and not isinstance(own, str):
            raise SettingsError(
                f"{file}, [[published]] {number}: has no data set, and [settings] names no single"
                " one.",
                'Say of which data set the figure is: data = "...".',
            )
    return [
        figure if figure.data else figure.model_copy(update={"data": own})
        for figure in read.published
    ]


def command_of(command: str, file: Path, given: Mapping[str, Any]) -> str:
    """The command line that runs such a file; where state lies is left to whoever types it."""
    words = ["palate", command, os.path.relpath(file)]
    for name, value in given.items():
        if name != "home":
            words += _option(name, value)
    return shlex.join(words)


def _option(name: str, value: object) -> list[str]:
    """A setting as it is typed: parts of a table one by one, a list's members, a switch."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    if isinstance(value, Mapping):
        return [word for part, inner in value.items() for word in _option(f"{name}.{part}", inner)]
    if isinstance(value, list | tuple):
        return [word for member in value for word in (f"--{option}", str(member))]
    return [f"--{option}", str(value)]


def _crossed(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every combination of the values; the last setting with several varies fastest."""
    choices = [value if _is_choice(name, value) else [value] for name, value in block.items()]
    for values in itertools.product(*choices):
        yield dict(zip(block, values, strict=True))


def _is_choice(name: str, value: object) -> bool:
    """Whether a list stands for several cells: of a setting that is a list, only one of lists."""
    if not isinstance(value, list):
        return False
    return not is_list(name) or any(isinstance(member, list) for member in value)


def is_list(setting: str) -> bool:
    """Whether the setting is a list by its type."""
    field = CellOptions.model_fields.get(setting)
    kind = field.annotation if field else None
    kinds = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    return any(get_origin(one) in {list, tuple} for one in kinds)


def _cell(file: Path, label: str, chosen: Mapping[str, Any]) -> Cell:
    try:
        return Cell(label=label, settings=CellOptions(**chosen).settings())
    except ValidationError as error:
        if not any("llm_model does not say which" in problem["msg"] for problem in error.errors()):
            raise _wrong(file, f"the cells '{label}'", error) from error
    why = "no language model is named: set PALATE_LLM_MODEL (and PALATE_LLM_BASE_URL)"
    unasked = _cell(file, label, {**chosen, "llm_model": NO_MODEL})
    return unasked.model_copy(update={"missing": why})


def _check_labels(file: Path, cells: list[Cell], comparisons: list[Declared]) -> None:
    labels = {label for cell in cells for label in (cell.label, cell.block) if label}
    for wanted in comparisons:
        for label in {wanted.of, wanted.against} - labels:
            raise SettingsError(
                f"{file}: a comparison names '{label}', which no cell is labelled.",
                f"Labels: {', '.join(sorted(labels))}.",
            )


def _wrong(file: Path, where: str, error: ValidationError) -> SettingsError:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    reason = problem["msg"].removeprefix("Value error, ")
    return SettingsError(
        f"{file}, {where}: {name + ': ' if name else ''}{reason}.",
        "`palate evaluate --help` lists the settings; in TOML they are written with underscores.",
    )
