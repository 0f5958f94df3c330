"""What a stage's time grows with: to add a stage, add a line to STAGES."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

MEASURED_PAIRS = "measured pairs"
RATINGS, CELLS, PAIRS, USERS = "ratings", "users x items", "pairs", "users"
TEXTS = "texts"
SINGULAR = {RATINGS: "rating", CELLS: "user x item", PAIRS: "pair", USERS: "user", TEXTS: "text"}

MEASURING = "measuring"
"""Everything outside the main part: the same method again on held-out ratings, to be measured."""


class Stage(NamedTuple):
    """A stage as it is told: its tasks by name, its unit, and whether it measures.

    `learns`: all that is done on inner splits of the main part belongs to it, too. Without a unit
    it grows with nothing: it looks at a draw of people.
    """

    name: str
    tasks: tuple[str, ...]
    unit: str | None
    measures: bool = False
    learns: bool = False


METRICS = ("measure", "measure all lists", "summarise")

STAGES = (
    Stage("ingest", ("ingest",), RATINGS),
    Stage("fit", ("train", "train on texts"), RATINGS),
    Stage("candidates", ("count ratings", "find candidates", "join candidates"), CELLS),
    Stage("learn", ("draw people", "learn to rank"), None, learns=True),
    Stage("profiles", ("make profiles",), USERS),
    Stage("embed", ("embed item texts",), TEXTS),
    Stage("score", ("choose texts", "score"), PAIRS),
    Stage("rank", ("make item facts", "rank", "join unrated items"), PAIRS),
    Stage("metrics", METRICS, PAIRS, measures=True),
    Stage("publish", ("publish",), USERS),
)


def told_by_stage(
    run: Mapping[str, Any], units: Mapping[str, int], main: str
) -> list[dict[str, Any]]:
    """Per stage: stage, unit, units, seconds, peak_mb and microseconds per unit; then the rest.

    `main` is the part that is served, "tonight" of a night; stages without a part belong to it.
    Last come what else the main part did, what was done for measuring alone, and the start and end
    of the command: together they are the whole command's seconds.
    """
    rows = [*run["stages"], *_publishing(run)]
    told = [_told(stage, _of(stage, rows, main), units) for stage in STAGES]
    known = [id(row) for stage in STAGES for row in _of(stage, rows, main)]
    left = [row for row in rows if id(row) not in known]
    served = [row for row in left if row["part"] in ("", main)]
    measured = [row for row in left if row["part"] not in ("", main)]
    outside = run["seconds"] - sum(row["seconds"] for row in rows)
    return [
        *[line for line in told if line],
        {"stage": "other stages", **_cost(served)},
        *([{"stage": MEASURING, **_cost(measured)}] if measured else []),
        {"stage": "start, end and between", "seconds": round(outside, 2), "peak_mb": None},
    ]


def _of(stage: Stage, rows: Sequence[Mapping[str, Any]], main: str) -> list[Mapping[str, Any]]:
    mine = [row for row in rows if row["stage"] in stage.tasks]
    if stage.measures:
        return mine
    inner = [row for row in rows if stage.learns and row["part"].startswith(f"{main} ")]
    return [row for row in mine if row["part"] in ("", main)] + inner


def _publishing(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    seconds = run.get("publish_seconds")
    known = any(row["stage"] == "publish" for row in run["stages"])
    if seconds is None or known:
        return []
    return [{"stage": "publish", "part": "", "seconds": seconds, "rows": 0, "peak_mb": None}]


def _told(
    stage: Stage, rows: Sequence[Mapping[str, Any]], units: Mapping[str, int]
) -> dict[str, Any]:
    if not rows:
        return {}
    cost = _cost(rows)
    if stage.unit is None:
        return {"stage": stage.name, **cost}
    count = units[MEASURED_PAIRS if stage.measures else stage.unit]
    each = {"unit": stage.unit, "units": count, "us_per_unit": micro(cost["seconds"], count)}
    return {"stage": stage.name, **cost, **each}


def _cost(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    peaks = [row["peak_mb"] for row in rows if row["peak_mb"] is not None]
    seconds = round(sum(row["seconds"] for row in rows), 4)
    return {"seconds": seconds, "peak_mb": max(peaks, default=None)}


def micro(seconds: float, units: int) -> float:
    """Microseconds per unit, to four digits."""
    return float(f"{1e6 * seconds / max(units, 1):.4g}")


def units_of(
    run: Mapping[str, Any], ratings: int, users: int, items: int, main: str
) -> dict[str, int]:
    """How many of each unit a run had; pairs are the candidates of who is served, or measured."""
    found = [
        (row["part"], row["rows"]) for row in run["stages"] if row["stage"] == "find candidates"
    ]
    parts = {row["part"] for row in run["stages"] if row["stage"] == "measure"}
    embedded = [
        row["rows"]
        for row in run["stages"]
        if row["stage"] == "embed item texts" and row["part"] == main
    ]
    return {
        RATINGS: ratings,
        USERS: users,
        CELLS: users * items,
        TEXTS: sum(embedded),
        PAIRS: sum(rows for part, rows in found if part == main),
        MEASURED_PAIRS: sum(rows for part, rows in found if part in parts),
    }
