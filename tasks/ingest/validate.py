"""The checks every source must pass: a wrong row ends the run, a surplus one is counted."""

import polars as pl

from tasks.ingest.tables import ROW, Table
from tasks.vocabulary import (
    ITEM,
    ITEM_COLUMNS,
    RATING,
    TAG,
    TIMESTAMP,
    TITLE,
    TMDB_ID,
    USER,
    DatasetInfo,
)

MOST_UNKNOWN = 0.5
"""Above this share of ratings for unknown items the two files do not belong together."""

Dropped = dict[str, int]


def clean_ratings(
    raw: Table, items: pl.DataFrame, scale: tuple[float, float] | None
) -> tuple[pl.DataFrame, Dropped]:
    """Ratings (user, item, rating, timestamp), one per pair, sorted by user then item.

    Of a pair's several ratings the latest stays (by timestamp, else by place in the file).
    Ratings of items without a row in `items` are dropped and counted. Raises BadDataError,
    naming row and column, for a missing id, a rating that is no finite number or off the scale.
    """
    table = with_number(with_ids(raw, USER, ITEM), RATING, pl.Float64(), required=True)
    _check_scale(table, scale)
    if TIMESTAMP in table.frame.columns:
        table = with_number(table, TIMESTAMP, pl.Int64(), required=False)
    else:
        table = table.having(table.frame.with_columns(pl.lit(None, pl.Int64).alias(TIMESTAMP)))
    frame = _like(table.frame, items, ITEM)
    known = frame.join(items.select(ITEM), on=ITEM, how="semi")
    unknown = frame.height - known.height
    if unknown > MOST_UNKNOWN * frame.height:
        row = frame.join(items.select(ITEM), on=ITEM, how="anti")[ROW].min()
        first = raw.frame.filter(pl.col(ROW) == row)[ITEM][0]
        problem = f"{unknown:,} of {frame.height:,} ratings are for items unknown to the items file"
        fix = "Check that both files come from the same export."
        raise raw.bad(f"{problem}, the first is {first}", fix, ITEM, row)
    single = known.sort(USER, ITEM, TIMESTAMP, ROW, nulls_last=False).unique(
        [USER, ITEM], keep="last", maintain_order=True
    )
    dropped = {
        "ratings dropped: the items file lacks their item": unknown,
        "ratings dropped: the same user rated the same item later": known.height - single.height,
    }
    return single.select(USER, ITEM, RATING, TIMESTAMP), dropped


def clean_items(raw: Table, info: DatasetInfo) -> tuple[pl.DataFrame, Dropped]:
    """Items (item and ITEM_COLUMNS), sorted by item; an item without a title is named by its id.

    Raises BadDataError for a missing or doubled id, or a number that is none.
    """
    table = with_ids(raw, ITEM)
    again = table.frame.filter(~pl.col(ITEM).is_first_distinct()).sort(ROW)
    if again.height:
        problem = f"item {again[ITEM][0]} appears a second time"
        raise raw.bad(problem, "Keep one row per item.", ITEM, again[ROW][0])
    for name, kind in ITEM_COLUMNS.items():
        if name not in table.frame.columns:
            table = table.having(table.frame.with_columns(pl.lit(None, kind).alias(name)))
        elif kind.is_numeric():
            table = with_number(table, name, kind, required=False)
        else:
            table = _with_text(table, name)
    frame = table.frame
    by_id = pl.format(f"{info.noun} {{}}", pl.col(ITEM))
    titled = frame.with_columns(pl.coalesce(pl.col(TITLE), by_id).alias(TITLE))
    counted = {"items kept without a title: named by their id": frame[TITLE].null_count()}
    return titled.select(ITEM, *ITEM_COLUMNS).sort(ITEM), counted


def clean_tags(raw: Table, ratings: pl.DataFrame) -> tuple[pl.DataFrame, Dropped]:
    """Tags (user, item, tag) of rated pairs, sorted; others are dropped and counted."""
    tagged = _with_text(with_ids(raw, USER, ITEM), TAG).frame
    tagged = _like(_like(tagged, ratings, USER), ratings, ITEM)
    written = tagged.with_columns(pl.col(TAG).str.to_lowercase()).filter(pl.col(TAG).is_not_null())
    written = written.select(USER, ITEM, TAG).unique()
    rated = written.join(ratings.select(USER, ITEM), on=[USER, ITEM], how="semi")
    dropped = {
        "tags dropped: empty or repeated": raw.frame.height - written.height,
        "tags dropped: their user has not rated their item": written.height - rated.height,
    }
    return rated.sort(USER, ITEM, TAG), dropped


def with_ids(raw: Table, *names: str) -> Table:
    """Ids as whole numbers where every one of the column is one, written plainly; else as text."""
    frame = raw.frame
    for name in names:
        kind = frame.schema[name]
        if not (kind.is_integer() or kind == pl.String):
            problem = f"ids must be whole numbers or text, not {kind}"
            raise raw.bad(problem, "Write the column again as one of these.", name)
        text = pl.col(name).cast(pl.String).str.strip_chars().replace("", None)
        missing = frame.filter(text.is_null())
        if missing.height:
            raise raw.bad(
                "the id is missing", "Fill it in or delete the row.", name, missing[ROW][0]
            )
        number = _plain_number(text)
        plain = frame.select(number.is_not_null().all()).item()
        frame = frame.with_columns((number if plain else text).alias(name))
    return raw.having(frame)


def with_number(raw: Table, name: str, kind: pl.DataType, *, required: bool) -> Table:
    """Cast one column; NaN counts as "no number", and null only passes where not `required`.

    An id of another catalogue must be whole: rounding 862.5 would name another movie.
    """
    frame = raw.frame
    found = frame.schema[name]
    if not (found.is_numeric() or found in (pl.String, pl.Null)):
        raise raw.bad(f"the column holds {found}, not numbers", "Write it as numbers.", name)
    given = pl.col(name)
    if found == pl.String:
        given = given.str.strip_chars().replace("", None)
    through = given.cast(pl.String) if found == pl.Float32 else given
    number = through.cast(pl.Float64, strict=False)
    finite = number.is_finite().fill_null(False)
    sound = finite & (number == number.floor()) if name == TMDB_ID else finite
    wrong = ~sound if required else given.is_not_null() & ~sound
    bad = frame.filter(wrong).sort(ROW)
    if bad.height:
        value = bad[name][0]
        called = "a whole number" if name == TMDB_ID else "a number"
        problem = "the value is missing" if value is None else f"'{value}' is not {called}"
        raise raw.bad(problem, "Correct the value or delete the row.", name, bad[ROW][0])
    exact = through.cast(kind, strict=False) if kind.is_integer() else number
    cast = pl.coalesce(exact, number.cast(kind, strict=False)).alias(name)
    return raw.having(frame.with_columns(cast))


def _with_text(raw: Table, name: str) -> Table:
    """Strip one column of text; what is blank becomes null."""
    found = raw.frame.schema[name]
    if found.is_nested() or found == pl.Binary:
        raise raw.bad(f"the column holds {found}, not text", "Write it as text.", name)
    text = pl.col(name).cast(pl.String).str.strip_chars().replace("", None)
    return raw.having(raw.frame.with_columns(text))


def _like(frame: pl.DataFrame, other: pl.DataFrame, name: str) -> pl.DataFrame:
    """Give ids the type that `other` has, so that they can meet; null where they never can."""
    mine, theirs = frame.schema[name], other.schema[name]
    if mine == theirs:
        return frame
    same = pl.col(name).cast(pl.String)
    return frame.with_columns(same if theirs == pl.String else _plain_number(pl.col(name)))


def _plain_number(text: pl.Expr) -> pl.Expr:
    """The whole number a text is; null for "007" or "n/a", which are names."""
    number = text.cast(pl.Int64, strict=False)
    return pl.when(number.cast(pl.String) == text).then(number)


def _check_scale(raw: Table, scale: tuple[float, float] | None) -> None:
    if scale is None:
        return
    low, high = scale
    off = raw.frame.filter(~pl.col(RATING).is_between(low, high)).sort(ROW)
    if off.height:
        problem = f"{off[RATING][0]:g} is off the scale {low:g} to {high:g}"
        fix = "Correct the rating, or the scale in dataset.toml."
        raise raw.bad(problem, fix, RATING, off[ROW][0])
