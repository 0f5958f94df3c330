"""Which items lists leave out: `exclude.csv`, `seen.csv`, and when items are available."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table
from tasks.core.chunks import theirs
from tasks.core.errors import BadDataError
from tasks.core.files import sha256_of
from tasks.core.vocabulary import ITEM, USER, Rules
from tasks.data.columns import Check, Column, like, typed, with_text
from tasks.data.formats.finding_files import Candidate
from tasks.data.formats.held import Held
from tasks.data.formats.look import Look, look_at
from tasks.data.formats.names import (
    AVAILABILITY,
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    RATED,
    guessed,
)
from tasks.data.formats.reading import table_of
from tasks.data.tables import ROW, Table, scan_table

EXCLUDE, SEEN = "exclude.csv", "seen.csv"
DATE = r"^\d{4}-\d{2}-\d{2}([T ].*)?$"


@dataclass(frozen=True)
class RuleFiles:
    """The files that hold rules, where they are there; `items` where it says what is available.

    `given`: by our column what the files call it.
    """

    exclude: Path | None = None
    seen: Path | None = None
    items: Candidate | None = None
    given: tuple[tuple[str, str], ...] = ()

    @property
    def files(self) -> list[Path]:
        """All that decide what is left out."""
        items = [part.file for part in self.items.look.parts] if self.items else []
        return [file for file in (self.exclude, self.seen, *items) if file is not None]

    def fingerprint(self) -> str:
        """Hashes of the files' contents."""
        return " ".join(f"{file.name}={sha256_of(file)}" for file in self.files)


NO_RULES = RuleFiles()


def rule_files(
    folder: Path, items: Candidate | None, given: Mapping[str, str], files: Sequence[Path] = ()
) -> RuleFiles:
    """The rules in a folder beside the data set's own `files`, and in the columns of its items."""
    beside = (folder / name for name in (EXCLUDE, SEEN))
    exclude, seen = (file if file.is_file() and file not in files else None for file in beside)
    dates = guessed(items.look.names, AVAILABILITY, given) if items else {}
    dated = None
    if items and dates:
        ids = {name: ours for name, ours in items.names.items() if ours == ITEM}
        kind = replace(items.format, prepare=None) if items.format else None
        dated = Candidate(items.look, kind, ids | dates)
    return RuleFiles(exclude, seen, dated, tuple(given.items()))


@dataclass(frozen=True)
class RuleTables:
    """Rules as read: pairs (user, item), items, users, and by item from when until when.

    `dropped`: for how many rows of the files what is to be said.
    """

    pairs: pl.DataFrame
    items: pl.DataFrame
    users: pl.DataFrame
    available: pl.DataFrame | None
    dropped: dict[str, int]


def read_rule_files(
    files: RuleFiles, items: pl.DataFrame, users: pl.DataFrame, copies: Path
) -> RuleTables:
    """Read the rules for these items; ids are of the kinds of `items` and `users`.

    Rows that name an unknown item, or a user who cannot be one, are left out and counted; those of
    users who have rated nothing are kept, since their lists may be asked for. Raises BadDataError
    where a column is missing, or something is no date.
    """
    copies.mkdir(parents=True, exist_ok=True)
    none = users.clear().join(items.clear().select(ITEM), how="cross")
    dropped: dict[str, int] = {}
    rows = [none]
    for file, needed in ((files.exclude, ()), (files.seen, (USER, ITEM))):
        if file is not None:
            table = _named_rows(file, needed, dict(files.given), copies)
            rows.append(_known_rows(file, table, needed, items, users, dropped))
    named = pl.concat(rows)
    user, item = pl.col(USER).is_not_null(), pl.col(ITEM).is_not_null()
    return RuleTables(
        pairs=named.filter(user & item).unique().sort(USER, ITEM),
        items=named.filter(~user).select(ITEM).unique().sort(ITEM),
        users=named.filter(~item).select(USER).unique().sort(USER),
        available=_availability(files.items, items, copies) if files.items else None,
        dropped=dropped,
    )


def unavailable(available: pl.DataFrame, day: date) -> pl.DataFrame:
    """Items (item) that are not available on a day; both days that are named are within."""
    early = pl.lit(day) < pl.col(AVAILABLE_FROM)
    late = pl.lit(day) > pl.col(AVAILABLE_UNTIL)
    return available.filter(early.fill_null(value=False) | late.fill_null(value=False)).select(ITEM)


def with_pairs(
    home: Path, rules: Rules | None, met: pl.DataFrame, users: pl.Series
) -> pl.DataFrame:
    """User, item: what these users, who are sorted, have met, and what the rules keep from them."""
    if rules is None:
        return met
    own = met.select(USER, ITEM)
    return pl.concat([own, theirs(home, rules.pairs, users)]).unique().sort(USER, ITEM)


def allowed(home: Path, rules: Rules | None, items: pl.Series) -> pl.Series:
    """These items without those that the rules leave out for everybody."""
    if rules is None:
        return items
    return items.filter(~items.is_in(read_table(home, rules.items)[ITEM].implode()))


def _named_rows(
    file: Path, needed: tuple[str, ...], given: Mapping[str, str], copies: Path
) -> Table | None:
    """User and item of every row as text, null where the file has none; None without any row."""
    look = look_at(Held(file))
    alone = (look.first.strip().strip('"'),) if look.kind == "nothing" else ()
    wanted = {name: RATED[name] for name in (USER, ITEM)}
    names = guessed(look.names or alone, wanted, given)
    lacking = [name for name in needed if name not in names.values()]
    if lacking or not names:
        raise BadDataError(
            file,
            f"the column is missing (found: {', '.join(look.names or alone)})",
            "Add it, or name the one that holds it: --columns OURS=THEIRS.",
            column=lacking[0] if lacking else f"{USER} or {ITEM}",
        )
    if _is_header_alone(look):
        return None
    optional = frozenset(names.values())
    table = scan_table(file, names, optional) if alone else table_of(look, None, names, copies)
    for name in (USER, ITEM):
        if name not in table.schema:
            table = table.having(table.rows.lazy().with_columns(pl.lit("").alias(name)))
        table = with_text(table, name)
    return table


def _is_header_alone(look: Look) -> bool:
    lines = look.parts[0].head().splitlines()
    return look.kind != "Parquet" and sum(bool(line.strip()) for line in lines) == 1


def _known_rows(
    file: Path,
    table: Table | None,
    needed: tuple[str, ...],
    items: pl.DataFrame,
    users: pl.DataFrame,
    dropped: dict[str, int],
) -> pl.DataFrame:
    """User, item of the rows that can be met; of all others is said how many there are."""
    none = users.clear().join(items.clear().select(ITEM), how="cross")
    if table is None:
        return none
    rows = table.frame.select(ROW, USER, ITEM)
    met = like(like(rows, users, USER), items, ITEM)
    rows = rows.with_columns(met[USER].alias("_user"), met[ITEM].alias("_item"))
    no_user, no_item = pl.col(USER).is_null(), pl.col(ITEM).is_null()
    is_known = pl.col("_item").is_in(items[ITEM].implode()).fill_null(value=False)
    gap = no_user | no_item if needed else no_user & no_item
    lacks = "a user or an item is missing" if needed else "they name neither user nor item"
    for bad, why, name in (
        (gap, lacks, None),
        (~no_item & ~is_known, "the items file lacks their item", ITEM),
        (~no_user & pl.col("_user").is_null(), "nobody has an id like their user's", USER),
    ):
        _count(dropped, rows.filter(bad), f"rows of {file.name} left out: {why}", name)
        rows = rows.filter(~bad)
    has_rated = no_user | pl.col("_user").is_in(users[USER].implode())
    kept = f"rows of {file.name} kept: their user has rated nothing"
    _count(dropped, rows.filter(~has_rated), kept, USER)
    return rows.select(pl.col("_user").alias(USER), pl.col("_item").alias(ITEM))


def _count(dropped: dict[str, int], rows: pl.DataFrame, what: str, name: str | None = None) -> None:
    if rows.is_empty():
        return
    first = rows.sort(ROW).row(0, named=True)
    shown = f", {name} {first[name]}" if name else ""
    dropped[f"{what} (the first: row {first[ROW]}{shown})"] = rows.height


def _availability(source: Candidate, items: pl.DataFrame, copies: Path) -> pl.DataFrame:
    raw = table_of(source.look, source.format, source.names, copies)
    raw = with_text(raw, ITEM)
    for name in AVAILABILITY:
        if name not in raw.schema:
            raw = raw.having(raw.rows.lazy().with_columns(pl.lit(None, pl.String).alias(name)))
    dates = typed(raw, *(_date_column(raw, name) for name in AVAILABILITY))
    rows = like(dates.frame.select(ROW, ITEM, *AVAILABILITY), items, ITEM)
    never = rows.filter(pl.col(AVAILABLE_FROM) > pl.col(AVAILABLE_UNTIL)).sort(ROW)
    if never.height:
        first = never.row(0, named=True)
        problem = f"it is before {AVAILABLE_FROM}, {first[AVAILABLE_FROM]}"
        fix = "Correct one of the dates."
        raise raw.bad(problem, fix, AVAILABLE_UNTIL, first[ROW])
    dated = pl.any_horizontal(pl.col(name).is_not_null() for name in AVAILABILITY)
    return rows.filter(dated).select(ITEM, *AVAILABILITY).sort(ITEM)


def _date_column(raw: Table, name: str) -> Column:
    """Days as they are written, 2024-05-31, a time after them or none; or seconds since 1970."""
    if raw.schema[name].is_integer():
        return Column(name, pl.from_epoch(pl.col(name), "s").dt.date(), ())
    text = pl.col(name).cast(pl.String).str.strip_chars()
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    day = pl.when(text.str.contains(DATE)).then(day)
    bad = Check(
        (text != "") & day.is_null(),
        lambda value: f"'{value}' is no date",
        "Write it as 2024-05-31, or leave it empty.",
        text,
    )
    return Column(name, day, (bad,))


def said_of(rules: Rules) -> list[str]:
    """What there is of rules, a line each."""
    line = (
        f"rules: lists leave out {rules.items.rows:,} items, {rules.pairs.rows:,} pairs of a user"
        f" and an item, and {rules.users.rows:,} users get none"
    )
    return [line, *(f"{rows:,} {reason}" for reason, rows in rules.dropped.items())]
