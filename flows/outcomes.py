"""What flows give back: records that are loaded without what makes them."""

from decimal import Decimal
from pathlib import Path

from tasks.core.vocabulary import Id, Record
from tasks.llm.options import Way


class NightlyResult(Record):
    """What a night gave: the run in the results file, and how much of it was new."""

    run_id: str
    database: Path
    users: int
    new_lists: int
    stages: int
    cached: int
    status: str
    note: str | None
    measured_in: str | None
    asked: str
    judged: str | None = None
    report: Path | None = None


class Place(Record):
    """One place of a list. `title` has no year; `why` says what speaks for the item."""

    rank: int
    item: Id
    title: str
    year: int | None
    genres: str
    why: str | None


class TasteList(Record):
    """The list for one taste, or for the ratings alone where `taste` is None.

    `notes`: what of the taste was understood otherwise than somebody might think, or met by
    nothing. `weight`: how much the words weigh in it, from 0 to 1. `base`: the base model's list.
    """

    taste: str | None
    weight: float
    notes: list[str]
    items: list[Place]
    base: list[Place]


class Recommendation(Record):
    """Lists for one person, and the titles as they were understood."""

    rated: list[tuple[str, float]]
    lists: list[TasteList]
    degraded: str | None = None
    unexplained: str | None = None
    plain: str | None = None


class EstimateLine(Record):
    """One kind of request."""

    kind: str
    requests: int
    pairs: int
    prompt_tokens: int
    answer_tokens: int
    dollars: Decimal | None


class Estimate(Record):
    """What is still to be asked; `known` of `pairs` scores are in the ledger.

    `way`: how scores are asked for; None where that is known only once the server is asked.
    """

    model: str
    way: Way | None
    lines: list[EstimateLine]
    known: int
    pairs: int


class EvaluationResult(Record):
    """Where an evaluation's figures lie, and how many of its cells have any."""

    run_id: str
    database: Path
    cells: int
    without_figures: int
    stages: int
    cached: int


class ReplayResult(Record):
    """Where the figures of a replay lie, the page about it, and how much of it was new."""

    run_id: str
    database: Path
    page: Path
    stages: int
    cached: int


class JudgementsResult(Record):
    """Where the figures of recorded judgements lie."""

    run_id: str
    database: Path


class WishResult(Record):
    """Where the figures of tastes in words lie, and their means by situation.

    `learned`: by number of ratings of a person how much words weigh.
    """

    run_id: str
    database: Path
    learned: list[tuple[int, float]]
    rows: list[dict[str, object]]
