"""What flows give back: records that are loaded without what makes them."""

from decimal import Decimal
from pathlib import Path

from tasks.core.vocabulary import Record


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
    report: Path | None = None


class Place(Record):
    """One place of both lists; estimate and similarity are the re-ranked item's."""

    rank: int
    base: str
    reranked: str
    estimate: float
    similarity: float | None
    why: str | None = None


class Recommendation(Record):
    """Both lists for one person, and the titles as they were understood."""

    rated: list[tuple[str, float]]
    places: list[Place]
    degraded: str | None = None
    unexplained: str | None = None


class EstimateLine(Record):
    """One kind of request."""

    kind: str
    requests: int
    pairs: int
    prompt_tokens: int
    answer_tokens: int
    dollars: Decimal | None


class Estimate(Record):
    """What is still to be asked; `known` of `pairs` scores are in the ledger."""

    model: str
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
