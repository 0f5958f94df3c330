"""Whether a night could use a data set: what was recognised, left out, and is wrong in it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from tasks.core.errors import BadDataError, PalateError
from tasks.core.vocabulary import ITEM, USER, Dataset
from tasks.data.catalogue import Source
from tasks.data.columns import all_failures, id_column, typed
from tasks.data.rule_stages import rules_on, write_rules
from tasks.data.rules import said_of
from tasks.data.stages import ingest_source
from tasks.data.strangers import check_dropped
from tasks.data.tables import ROW, RawTables
from tasks.data.validate import SUMMED, SUPERSEDED, UNKNOWN, rated_columns


@dataclass(frozen=True)
class Checked:
    """What is known of a data set; `dataset` is None where it could not be read.

    `firsts`: for reasons why rows are left out or changed, where the first such row is.
    `problems`: what keeps a night from using it, the first row of each kind. `rules`: what lists
    leave out today, a line each.
    """

    dataset: Dataset | None
    firsts: dict[str, str]
    problems: list[PalateError]
    rules: Sequence[str] = ()


def check_source(source: Source, max_dropped: float) -> Checked:
    """Read a source whole, as a night would, and keep nothing of it.

    At most `max_dropped` percent of the ratings may be of unknown items.
    """
    with tempfile.TemporaryDirectory(prefix="palate-check-") as home:
        try:
            dataset = ingest_source(Path(home), source)
        except PalateError as error:
            return Checked(None, {}, _with_others(error, source, Path(home)))
        firsts = _firsts(dataset, source, Path(home))
        problems: list[PalateError] = []
        rules: list[str] = []
        try:
            rules = _rules(dataset, source, Path(home))
        except BadDataError as error:
            problems.append(error)
    try:
        check_dropped(dataset, source.files[0].parent, max_dropped)
    except BadDataError as error:
        problems.append(error)
    return Checked(dataset, firsts, problems, rules)


def _rules(dataset: Dataset, source: Source, home: Path) -> list[str]:
    if not source.rules.files:
        return []
    written = write_rules(home, source.rules, dataset)
    return said_of(rules_on(home, written, datetime.now(UTC).date()))


def _with_others(error: PalateError, source: Source, home: Path) -> list[PalateError]:
    """The error, and what else is wrong with the ratings where they can be read at all."""
    others: list[BadDataError] = []
    try:
        raw = source.read(home / "copies")
        scale = None if "scale" in raw.unknown or raw.info.implicit else raw.info.scale
        others = all_failures(raw.ratings, *rated_columns(raw.ratings, scale))
    except PalateError:
        pass
    return [error, *(other for other in others if str(other) != str(error))]


def _firsts(dataset: Dataset, source: Source, home: Path) -> dict[str, str]:
    places = {}
    if dataset.stranger is not None:
        first = dataset.stranger
        places[UNKNOWN] = f"{first.file}, row {first.row}: {first.item}"
    again = dataset.dropped.keys() & {SUPERSEDED, SUMMED}
    if again:
        places[again.pop()] = _first_repeat(source.read(home / "copies"))
    return places


def _first_repeat(raw: RawTables) -> str:
    """The first row whose user and item stand in an earlier row."""
    table = typed(raw.ratings, id_column(raw.ratings, USER), id_column(raw.ratings, ITEM))
    rows = table.rows.lazy().select(ROW, USER, ITEM).sort(ROW)
    repeats = rows.filter(~pl.struct(USER, ITEM).is_first_distinct()).head(1)
    row, user, item = table.collect(repeats).row(0)
    place = table.bad("", "", ITEM, row)
    return f"{place.file.name}, row {place.row}: user {user}, item {item}"
