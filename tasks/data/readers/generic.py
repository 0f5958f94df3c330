"""Any data set of ratings, in whatever format, with items beside them or without."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import ITEM, RATING, TITLE, USER, DatasetInfo
from tasks.data.columns import id_column, typed
from tasks.data.dropped import Dropped, Rows
from tasks.data.formats.finding_files import Candidate, Found, files_beside
from tasks.data.formats.held import Held
from tasks.data.formats.look import look_at
from tasks.data.formats.names import COUNT, near_miss
from tasks.data.formats.reading import table_of
from tasks.data.tables import ROW, RawTables, Table, arrivals, followed_by

ZEROS = (
    "ratings dropped: 0 says that the item was met, not how it was liked (implicit = true in"
    " dataset.toml uses them)"
)
IMPLICIT = (
    "every row counts 1, repeated rows are summed; what somebody met counts as liked, and what"
    " needs ratings is left out"
)


def read(found: Found, copies: Path) -> RawTables:
    """Read a data set; what cannot be read where it lies is copied into the folder `copies`."""
    implicit = _is_implicit(found)
    ratings, dropped = _ratings(found, copies, implicit=implicit)
    items = _items(found, ratings, copies)
    known = found.ratings.format.info if found.ratings.format else {}
    name = found.place.name if found.place.is_dir() else found.ratings.look.stem
    info, unknown = found.described.completed(name, known)
    if implicit:
        info, unknown = _of_implicit(info), frozenset[str]()
    remarks = (*_remarks(found), *_remarks_of_implicit(found, implicit=implicit))
    return RawTables(info, ratings, items, _tags(found, copies), unknown, dropped, remarks)


def files(found: Found) -> list[Path]:
    """The files that decide what `read` gives."""
    return [*found.files, *_arrivals(found)]


def _is_implicit(found: Found) -> bool:
    """Whether nobody rated anything; BadDataError where ratings seem to be mistyped."""
    table = found.ratings
    if found.described.implicit:
        return True
    if RATING in table.has:
        return False
    near = near_miss(table.look.names, RATING)
    if near is not None and COUNT not in table.has:
        raise BadDataError(
            table.look.shown,
            f"the column is missing (found: {', '.join(table.look.names)})",
            f"Name the one that holds it: --columns rating={near}; or set implicit = true in"
            " dataset.toml, and every row counts 1.",
            column=RATING,
        )
    return True


def _of_implicit(info: DatasetInfo) -> DatasetInfo:
    return info.model_copy(update={"scale": (0.0, 1.0), "relevant_at": 1.0, "implicit": True})


def _ratings(found: Found, copies: Path, *, implicit: bool) -> tuple[Table, Dropped]:
    names = _names_of_rated(found.ratings, implicit=implicit)
    table = table_of(found.ratings.look, found.ratings.format, names, copies)
    for file in _arrivals(found):
        more = table_of(look_at(Held(file)), found.ratings.format, names, copies)
        for lacks in table.schema.keys() - more.schema.keys():
            shown = ", ".join(look_at(Held(file)).names)
            problem = f"the column is missing (found: {shown})"
            raise BadDataError(file, problem, "Add it.", column=table.theirs.get(lacks, lacks))
        table = followed_by(table, more)
    kind = found.ratings.format
    if kind is None or not kind.zeros_are_implicit or implicit:
        return table, {}
    is_zero = pl.col(RATING).cast(pl.Float64, strict=False) == 0
    zeros, first = table.ask(is_zero.sum(), pl.col(ROW).filter(is_zero).min())
    kept = table.rows.lazy().filter(is_zero.fill_null(value=False).not_())
    return table.having(kept), {ZEROS: Rows(zeros, table.shown(first, USER, ITEM))}


def _names_of_rated(table: Candidate, *, implicit: bool) -> dict[str, str]:
    """The columns to read; a count stands in the place of the rating where nobody rated."""
    if not implicit:
        return {theirs: ours for theirs, ours in table.names.items() if ours != COUNT}
    names = {theirs: ours for theirs, ours in table.names.items() if ours != RATING}
    return {theirs: RATING if ours == COUNT else ours for theirs, ours in names.items()}


def _items(found: Found, ratings: Table, copies: Path) -> Table:
    if found.items is not None:
        items = table_of(found.items.look, found.items.format, found.items.names, copies)
        return replace(items, rows=items.frame)
    rated = typed(ratings, id_column(ratings, ITEM)).rows.lazy()
    only = rated.group_by(ITEM).agg(pl.col(ROW).min()).sort(ITEM)
    rows = ratings.collect(only.with_columns(pl.lit(None, pl.String).alias(TITLE)))
    return replace(ratings, rows=rows)


def _tags(found: Found, copies: Path) -> Table | None:
    if found.tags is None:
        return None
    return table_of(found.tags.look, found.tags.format, found.tags.names, copies)


def _arrivals(found: Found) -> list[Path]:
    """Files of ratings that came later, beside the first."""
    look = found.ratings.look
    if not found.place.is_dir() or look.folder is not None or found.described.database:
        return []
    return arrivals(look.parts[0].file.parent)


def _remarks(found: Found) -> list[str]:
    """What was recognised, and which columns were taken for which."""
    lines = []
    beside = files_beside(found.place) if found.described.database else []
    if beside:
        lines.append(f"not read: {', '.join(beside)}, since dataset.toml names a database")
    kind = "query" if found.described.database else "file"
    for what, table in (("ratings", found.ratings), ("items", found.items)):
        if table is None:
            lines.append(f"no {what} {kind}: {what} are named by their ids and have no text")
            continue
        called = table.format.name if table.format else "columns by their names"
        lines.append(f"{what}: {table.look.shown.name}, {called} ({table.look.writing})")
        renamed = _renamed(table.names) if table.look.has_header else ""
        if renamed:
            lines.append(f"columns of {what}: {renamed}")
    return lines


def _renamed(names: Mapping[str, str]) -> str:
    pairs = (f"{theirs} -> {ours}" for theirs, ours in names.items() if theirs != ours)
    return ", ".join(pair for pair in pairs if "flag" not in pair)


def _remarks_of_implicit(found: Found, *, implicit: bool) -> list[str]:
    if not implicit:
        return []
    if COUNT in found.ratings.has:
        why = "counts in place of ratings: they are summed"
        return [f"implicit feedback, {why}; what somebody met counts as liked"]
    said = "dataset.toml says so" if found.described.implicit else "there is no rating column"
    return [f"implicit feedback ({said}): {IMPLICIT}"]
