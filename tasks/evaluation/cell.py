"""One cell of an evaluation: a method on a data set under a protocol, and what came of it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

from tasks.core.vocabulary import Artifact, DatasetInfo, Record
from tasks.ranking.blend import Learned
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import flat_options

Status = Literal["run", "not run", "failed"]


class Cell(Record):
    """What is to be measured; `label` names the method, `missing` says why it cannot run.

    `block`: the label that a grid gives to several cells, where `label` also tells them apart by
    the settings `varied` among them.
    """

    label: str
    settings: EvaluationSettings
    missing: str | None = None
    block: str | None = None
    varied: tuple[str, ...] = ()

    def is_of(self, label: str) -> bool:
        """Whether a comparison that names this label means this cell."""
        return label in {self.label, self.block}

    def agrees_with(self, other: "Cell") -> bool:
        """Whether the settings that both vary have the same values in both."""
        mine, theirs = flat_options(self.settings), flat_options(other.settings)
        return all(mine[name] == theirs[name] for name in {*self.varied} & {*other.varied})


class Measured(Record):
    """One split's values: per user and list (wide, one column per metric), and over all lists."""

    per_user: Artifact
    overall: Artifact


class Figures(Record):
    """What a cell that ran gave.

    `measured`: by seed. `metrics`: means with intervals. `examples`: both lists of users whom
    re-ranking helped or harmed, of the first seed. `base_seconds`, `rerank_seconds`: work per seed
    before and after the candidates are there. `dollars`: None where no language model was asked or
    its price is not known. `learned`: what a learned re-ranker goes by, of the first seed.
    """

    dataset: DatasetInfo
    users: int
    skipped: dict[str, int]
    measured: dict[int, Measured]
    metrics: Artifact
    examples: Artifact
    base_seconds: float
    rerank_seconds: float
    dollars: Decimal | None
    learned: Learned | None = None


class CellResult(Record):
    """A cell's figures, or in `note` why there are none; `not run`: there was nothing to run on."""

    cell: Cell
    status: Status
    note: str | None = None
    figures: Figures | None = None


class Declared(Record):
    """A comparison that a grid declares: cells labelled `of` minus those labelled `against`."""

    of: str
    against: str
    says: str


class Comparison(Record):
    """A cell's re-ranked lists minus those of `against`; cells by their place in the run.

    `against_list`: that cell's re-ranked lists, or its base lists. `values`: a row per metric.
    """

    cell: int
    against: int
    against_list: str
    says: str
    values: Artifact


class Published(Record):
    """A figure that others published on the data set `data`; the grid's own unless given.

    `label`: our cells to show beside it, None for their base lists.
    """

    source: str
    method: str
    data: str | None = None
    protocol: str
    model: str
    label: str | None = None
    metric: str
    k: int
    value: float
    corrected: float | None = None
    note: str | None = None


def pairs(results: Sequence[CellResult], declared: Declared) -> Iterator[tuple[int, int]]:
    """The places of the cells that a declared comparison compares: one of `of`, one of `against`.

    Both ran, on the same splits, and agree in what both vary. Of several to compare one with, those
    with its own base model are taken, if there are any.
    """
    ran = [(place, result.cell) for place, result in enumerate(results) if result.figures]
    for place, cell in ran:
        if not cell.is_of(declared.of):
            continue
        others = [
            (other, theirs)
            for other, theirs in ran
            if theirs.is_of(declared.against)
            and _splits(theirs) == _splits(cell)
            and theirs.agrees_with(cell)
        ]
        model = cell.settings.method.model
        own = [(other, theirs) for other, theirs in others if theirs.settings.method.model == model]
        yield from ((place, other) for other, _ in own or others)


def _splits(cell: Cell) -> tuple[object, ...]:
    """What decides the splits, so that values can be paired."""
    settings = cell.settings
    return settings.data, settings.protocol_name, settings.seed, settings.limit_users
