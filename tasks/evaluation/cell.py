"""One cell of an evaluation: a method on a data set under a protocol, and what came of it."""

from decimal import Decimal
from typing import Literal

from tasks.core.vocabulary import Artifact, DatasetInfo, Record
from tasks.ranking.blend import Learned
from tasks.settings.evaluation import EvaluationSettings

Status = Literal["run", "not run", "failed"]


class Cell(Record):
    """What is to be measured; `label` names the method, `missing` says why it cannot run."""

    label: str
    settings: EvaluationSettings
    missing: str | None = None


class Measured(Record):
    """One split's values: per user and list (wide, one column per metric), and of whole lists."""

    per_user: Artifact
    overall: Artifact


class Figures(Record):
    """What a cell that ran gave.

    `measured`: by seed. `metrics`: means with intervals. `losing`: lists of the users whose
    re-ranked list is worse, `telling`: of those who gained or lost most, of the first seed.
    `base_seconds`, `rerank_seconds`: work per seed
    before and after the candidates are there. `dollars`: None where no model was asked.
    `learned`: a learned re-ranker's, of the first seed.
    """

    dataset: DatasetInfo
    users: int
    skipped: dict[str, int]
    measured: dict[int, Measured]
    metrics: Artifact
    losing: Artifact
    telling: Artifact
    base_seconds: float
    rerank_seconds: float
    dollars: Decimal | None
    learned: Learned | None = None


class CellResult(Record):
    """A cell's figures, or why there are none: `not run` for want of something to run on."""

    cell: Cell
    status: Status
    note: str | None = None
    figures: Figures | None = None


class Declared(Record):
    """A comparison that a grid declares: cells labelled `of` minus their like in `against`."""

    of: str
    against: str
    says: str


class Comparison(Record):
    """A cell's re-ranked lists against those of `against`; cells by their place in the run.

    `against_list`: that cell's re-ranked lists, or its base lists. `values`: a row per metric.
    """

    cell: int
    against: int
    against_list: str
    says: str
    values: Artifact


class Published(Record):
    """A figure of others on the data set `data`, in a grid the grid's own unless given.

    `label`: our cells to hold it against, None for their base lists.
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
