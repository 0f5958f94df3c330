"""Columns of raw tables as ids, numbers or text, and what must not stand in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import (
    DESCRIPTION,
    GENRES,
    QUALITY,
    TITLE,
    TMDB_ID,
    VOTES,
    YEAR,
)
from tasks.data.tables import ROW, Table

ITEM_COLUMNS: dict[str, pl.DataType] = {
    TITLE: pl.String(),
    YEAR: pl.Int32(),
    GENRES: pl.String(),
    DESCRIPTION: pl.String(),
    QUALITY: pl.Float64(),
    VOTES: pl.Int64(),
    TMDB_ID: pl.Int64(),
}
"""What an item may carry beside its id; all but the title may be null. Genres are joined by "|"."""

AnyFrame = TypeVar("AnyFrame", pl.DataFrame, pl.LazyFrame)

_FITS_INT64 = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)


@dataclass(frozen=True)
class Check:
    """Which values are `bad`, and what to say of the first, as `shown`; a bad type has no row.

    `fails`: whether any is bad, where all values together can tell that sooner.
    """

    bad: pl.Expr
    problem: Callable[[object], str]
    fix: str
    shown: pl.Expr
    is_of_type: bool = False
    fails: pl.Expr | None = None

    @property
    def has_failed(self) -> pl.Expr:
        """Whether any value is bad."""
        return self.bad.any() if self.fails is None else self.fails


@dataclass(frozen=True)
class Column:
    """How to read one column, once its checks have passed.

    Where `plain` is given and not true of every row, the column is read as `fallback`.
    """

    name: str
    value: pl.Expr
    checks: tuple[Check, ...]
    plain: pl.Expr | None = None
    fallback: pl.Expr | None = None

    @property
    def is_refused(self) -> bool:
        """Whether its type alone is wrong, so that no more can be asked of its values."""
        return any(check.is_of_type for check in self.checks)

    def having(self, check: Check) -> "Column":
        """The same column with one more check, after its own."""
        return replace(self, checks=(*self.checks, check))


def typed(raw: Table, *columns: Column) -> Table:
    """The table with these columns read; all checks and `plain` are settled in one reading.

    Raises BadDataError for the first check that fails, in the order of the columns, and names
    the first row where it does.
    """
    failures, plain = _asked(raw, columns)
    for column, check in failures:
        raise _failed(raw, column, check)
    read = [
        (column.value if plain or column.fallback is None else column.fallback).alias(column.name)
        for column, plain in zip(columns, plain, strict=True)
    ]
    return raw.having(raw.rows.lazy().with_columns(read))


def all_failures(raw: Table, *columns: Column) -> list[BadDataError]:
    """Every check that fails, each with its first row, in the order of the columns."""
    return [_failed(raw, column, check) for column, check in _asked(raw, columns)[0]]


def _asked(
    raw: Table, columns: Sequence[Column]
) -> tuple[list[tuple[Column, Check]], Sequence[bool]]:
    """The checks that fail, and of each column whether it is plain."""
    checks = [(column, check) for column in columns for check in column.checks]
    always = pl.lit(value=True)
    plain = [(always if column.plain is None else column.plain).all() for column in columns]
    answers = raw.ask(*(check.has_failed for _, check in checks), *plain)
    failed = [one for one, fails in zip(checks, answers, strict=False) if fails]
    return failed, answers[len(checks) :]


def with_ids(raw: Table, *names: str) -> Table:
    """Ids as whole numbers where every one of the column is one, written plainly; else as text."""
    return typed(raw, *(id_column(raw, name) for name in names))


def with_number(raw: Table, name: str, kind: pl.DataType, *, required: bool) -> Table:
    """Cast one column; see `number_column`."""
    return typed(raw, number_column(raw, name, kind, required=required))


def with_text(raw: Table, name: str) -> Table:
    """Strip one column of text; what is blank becomes null."""
    return typed(raw, text_column(raw, name))


def text_column(raw: Table, name: str) -> Column:
    """Text without blanks around it; what is blank is null."""
    kind = raw.schema[name]
    if kind.is_nested() or kind == pl.Binary:
        return _refused(name, f"the column holds {kind}, not text", "Write it as text.")
    return Column(name, _written(pl.col(name).cast(pl.String)), ())


def id_column(raw: Table, name: str) -> Column:
    """Ids: none may be missing; see `with_ids`."""
    kind = raw.schema[name]
    if kind.is_float():
        return _whole(name)
    if not (kind.is_integer() or kind == pl.String):
        problem = f"ids must be whole numbers or text, not {kind}"
        return _refused(name, problem, "Write the column again as one of these.")
    is_number = kind in _FITS_INT64
    text = pl.col(name) if is_number else _written(pl.col(name).cast(pl.String))
    gap = Check(
        text.is_null(), lambda _: "the id is missing", "Fill it in or delete the row.", text
    )
    number = text.cast(pl.Int64, strict=False)
    if is_number:
        return Column(name, number, (gap,))
    return Column(name, number, (gap,), _plain_number(text).is_not_null(), text)


def _whole(name: str) -> Column:
    """Ids that a library made floats of, because it has no whole numbers beside gaps."""
    given = pl.col(name).cast(pl.Float64).fill_nan(None)
    gap = Check(
        given.is_null(), lambda _: "the id is missing", "Fill it in or delete the row.", given
    )
    part = Check(
        given != given.floor(),
        lambda value: f"'{value}' is not a whole number, as ids are",
        "Write ids as whole numbers or text.",
        given,
    )
    return Column(name, given.cast(pl.Int64, strict=False), (gap, part))


def number_column(raw: Table, name: str, kind: pl.DataType, *, required: bool) -> Column:
    """Numbers; NaN counts as "no number", and null only passes where not `required`.

    An id of another catalogue must be whole: rounding 862.5 would name another movie.
    """
    held = raw.schema[name]
    if not (held.is_numeric() or held in (pl.String, pl.Null)):
        return _refused(name, f"the column holds {held}, not numbers", "Write it as numbers.")
    given = _written(pl.col(name)) if held == pl.String else pl.col(name)
    through = given.cast(pl.String) if held == pl.Float32 else given
    number = through.cast(pl.Float64, strict=False)
    finite = number.is_finite().fill_null(value=False)
    sound = finite & (number == number.floor()) if name == TMDB_ID else finite
    called = "a whole number" if name == TMDB_ID else "a number"
    check = Check(
        ~sound if required else given.is_not_null() & ~sound,
        lambda value: "the value is missing" if value is None else f"'{value}' is not {called}",
        "Correct the value or delete the row.",
        pl.col(name),
    )
    exact = through.cast(kind, strict=False) if kind.is_integer() else number
    return Column(name, pl.coalesce(exact, number.cast(kind, strict=False)), (check,))


def like(rows: AnyFrame, other: pl.DataFrame | pl.LazyFrame, name: str) -> AnyFrame:
    """Give ids the type that `other` has, so that they can meet; null where they never can."""
    mine, theirs = rows.collect_schema()[name], other.collect_schema()[name]
    if mine == theirs:
        return rows
    same = pl.col(name).cast(pl.String)
    return rows.with_columns(same if theirs == pl.String else _plain_number(pl.col(name)))


def _plain_number(text: pl.Expr) -> pl.Expr:
    """The whole number a text is; null for "007" or "n/a", which are names."""
    number = text.cast(pl.Int64, strict=False)
    return pl.when(number.cast(pl.String) == text).then(number)


def _written(text: pl.Expr) -> pl.Expr:
    """Text without blanks around it, null where nothing is left.

    Not by `replace`, which keeps a whole large file in memory.
    """
    stripped = text.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _refused(name: str, problem: str, fix: str) -> Column:
    """A column of a type that cannot be read."""
    never = pl.col(name)
    return Column(name, never, (Check(pl.lit(value=True), lambda _: problem, fix, never, True),))


def _failed(raw: Table, column: Column, check: Check) -> BadDataError:
    if check.is_of_type:
        return raw.bad(check.problem(None), check.fix, column.name)
    bad = raw.rows.lazy().filter(check.bad).select(ROW, check.shown.alias("shown"))
    row, value = raw.collect(bad.sort(ROW).head(1)).row(0)
    return raw.bad(check.problem(value), check.fix, column.name, row)
