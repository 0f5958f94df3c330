"""Whether a night could use a data set: what was recognised, left out, and is wrong in it."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.core.errors import BadDataError, PalateError
from tasks.core.vocabulary import Dataset
from tasks.data.catalogue import Source
from tasks.data.columns import all_failures
from tasks.data.items import item_columns, second_row
from tasks.data.rule_stages import rules_on, write_rules
from tasks.data.rules import said_of
from tasks.data.stages import ingest_source, known_scale
from tasks.data.strangers import check_dropped
from tasks.data.tables import RawTables
from tasks.data.tags import tag_columns
from tasks.data.validate import rated_columns


@dataclass(frozen=True)
class Checked:
    """What is known of a data set; `dataset` is None where it could not be read.

    `problems`: what keeps a night from using it, the first row of each kind. `rules`: what lists
    leave out today, a line each.
    """

    dataset: Dataset | None
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
            return Checked(None, _with_others(error, source, Path(home)))
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
    return Checked(dataset, problems, rules)


def _rules(dataset: Dataset, source: Source, home: Path) -> list[str]:
    if not source.rules.files:
        return []
    written = write_rules(home, source.rules, dataset)
    return said_of(rules_on(home, written, datetime.now(UTC).date()))


def _with_others(error: PalateError, source: Source, home: Path) -> list[PalateError]:
    """The error, and what else is wrong with the rows where they can be read at all."""
    others: list[BadDataError] = []
    with suppress(PalateError):
        raw = source.read(home / "copies")
        others = _failures(raw)
    return [error, *(other for other in others if str(other) != str(error))]


def _failures(raw: RawTables) -> list[BadDataError]:
    """What is wrong with the rows of all tables, the first row of each kind."""
    columns = [
        (raw.items, item_columns(raw.items)),
        (raw.ratings, rated_columns(raw.ratings, known_scale(raw))),
        *([(raw.tags, tag_columns(raw.tags))] if raw.tags else []),
    ]
    wrong = [failure for table, read in columns for failure in all_failures(table, *read)]
    doubled = second_row(raw.items, raw.items.frame)
    return [*wrong, *([doubled] if doubled else [])]
